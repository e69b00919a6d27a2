import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { Command } from "commander";
import { addInspectCommands } from "../../src/cli/inspect-commands.ts";

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");

export interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input. */
  readonly input?: string;
  /** What standard output is; a pipe unless told otherwise. */
  readonly screen?: { readonly isTTY?: boolean; readonly columns?: number };
}

/** `metallb ARGS` in this process, for `validate`, `explain`, `owners` and `plan`. Command lines that commander refuses throw. */
export async function runInspect(
  args: readonly string[],
  { env = {}, input = "", screen = {} }: Surroundings = {},
): Promise<Called> {
  let [code, out, err] = [-1, "", ""];
  const terminal = {
    stdin: (async function* () {
      yield Buffer.from(input);
    })(),
    stdout: { ...screen, write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env,
  };
  const program = new Command("metallb").exitOverride();
  addInspectCommands(
    program,
    (result) => (code = result),
    () => terminal,
  );
  await program.parseAsync([...args], { from: "user" });
  return { code, out, err };
}

/** `metallb ARGS` in a process of its own. Neither a terminal nor anything else of this process's environment is there. */
export function spawnMetallb(
  args: readonly string[],
  { env = {}, input = "", cwd = "/" }: Omit<Surroundings, "screen"> & { readonly cwd?: string } = {},
): Promise<Called> {
  return new Promise((done) => {
    const options = { cwd, env: { PATH: process.env["PATH"], ...env } };
    const child = execFile(process.execPath, [MAIN, ...args], options, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
    child.stdin?.end(input);
  });
}
