import { createColors } from "picocolors";
import { EnvironmentError } from "../lib/errors.ts";
import { readManifestTexts } from "./manifest-files.ts";
import type { Terminal, ValidateOptions } from "./options.ts";
import { type Paint, wantsColor } from "./render/paint.ts";
import { printable } from "./render/words.ts";
import { renderValidation } from "./validate/render-validation.ts";
import { validateManifests } from "./validate/validate-manifests.ts";

/** Exit codes of these commands; `plan` has one more. */
const OK = 0;
const INVALID = 1;
const USAGE = 2;

/** `metallb validate`. Returns the exit code. */
export function runValidate(options: ValidateOptions, terminal: Terminal): Promise<number> {
  return orComplain("validate", terminal, USAGE, async () => {
    const texts = await readManifestTexts(options.filename, terminal.stdin);
    const report = validateManifests(texts, options.namespace);
    print(options.output === "json" ? json(report) : renderValidation(report, paintFor(terminal)), terminal);
    return report.valid ? OK : INVALID;
  });
}

/** What the environment doesn't allow is said on stderr; everything else is a mistake of ours and may crash. */
async function orComplain(
  command: string,
  { stderr }: Terminal,
  failure: number,
  action: () => Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    stderr.write(`metallb ${command}: ${printable(error.message)}\n`);
    return failure;
  }
}

function paintFor({ stdout, env }: Terminal): Paint {
  return createColors(wantsColor(stdout.isTTY === true, env));
}

function print(text: string, { stdout }: Terminal): void {
  stdout.write(text);
}

function json(report: object): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
