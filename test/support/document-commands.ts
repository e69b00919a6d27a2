/** Whether the commands that documents tell people to type exist, with their flags, without running them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { addInspectCommands } from "../../src/cli/inspect-commands.ts";
import { addFlags, CONTROLLER_FLAGS, SPEAKER_FLAGS } from "../../src/cli/flags.ts";
import { CONTROLLER_ACCEPTED_FLAGS, CONTROLLER_DEFAULTS } from "../../src/controller/flags.ts";
import { SPEAKER_ACCEPTED_FLAGS, SPEAKER_DEFAULTS } from "../../src/speaker/flags.ts";
import { ROOT } from "./documents.ts";

interface Package {
  readonly scripts: Readonly<Record<string, string>>;
}

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Package;

/** What is wrong with a line that somebody is told to type; undefined: nothing that can be known without running it. */
export function commandProblem(line: string): string | undefined {
  for (const part of line.split(/ \|\|? | && /)) {
    const words = wordsOf(part);
    const problem = npmProblem(words) ?? metallbProblem(words) ?? pathProblem(words);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Words as a shell makes them; enough for what is in documents. */
export function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|\$\([^)]*\)|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/['"]/g, ""));
}

function npmProblem(words: readonly string[]): string | undefined {
  if (words[0] !== "npm" || words[1] !== "run") return undefined;
  const name = words.slice(2).find((word) => !word.startsWith("-"));
  return name !== undefined && Object.hasOwn(scripts, name) ? undefined : `there is no npm script ${String(name)}`;
}

function metallbProblem(words: readonly string[]): string | undefined {
  const args = metallbArguments(words);
  if (args === undefined) return undefined;
  try {
    program().parse([...args], { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? undefined : error.message;
  }
}

/** What stands behind the program's name, whichever way it is called. */
function metallbArguments(words: readonly string[]): readonly string[] | undefined {
  if (words[0] === "metallb") return words.slice(1);
  if (words[0] === "npm" && words.includes("metallb")) return words.slice(words.indexOf("--") + 1);
  const bundle = words.findIndex((word) => word.endsWith("/metallb.mjs"));
  return bundle < 0 ? undefined : words.slice(bundle + 1);
}

/** The real command line, which does nothing. */
function program(): Command {
  const root = new Command("metallb")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  addInspectCommands(root, () => undefined);
  addFlags(root.command("controller"), CONTROLLER_FLAGS, CONTROLLER_ACCEPTED_FLAGS, CONTROLLER_DEFAULTS);
  addFlags(root.command("speaker"), SPEAKER_FLAGS, SPEAKER_ACCEPTED_FLAGS, SPEAKER_DEFAULTS);
  silence(root);
  return root;
}

function silence(command: Command): void {
  for (const each of command.commands) silence(each);
  if (command.commands.length === 0) command.action(() => undefined);
  command.exitOverride();
}

/** Files of this repository that a command names. */
function pathProblem(words: readonly string[]): string | undefined {
  const paths = words.filter((word) => /^(examples|charts|manifests|scripts|docs)\//.test(word));
  const missing = paths.find((path) => !existsSync(join(ROOT, path)));
  return missing === undefined ? undefined : `there is no ${missing}`;
}
