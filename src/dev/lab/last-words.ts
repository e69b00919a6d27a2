import { readFileSync } from "node:fs";

/** The end of a log, to be put behind a sentence: what a program said before it died. "" when there is nothing to read. */
export function lastWords(logFile: string): string {
  try {
    const line = readFileSync(logFile, "utf8").trimEnd().split("\n").at(-1)!;
    return line === "" ? "" : `: ${line}`;
  } catch {
    return "";
  }
}
