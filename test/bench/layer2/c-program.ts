import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A client in C, since a client should not need more of the machine than what it measures. */
export interface CProgram extends Disposable {
  readonly path: string;
}

/** Compiles `NAME.c` of this folder, or of another. */
export function compile(name: string, sources = import.meta.dirname): CProgram {
  const folder = mkdtempSync(join(tmpdir(), "metallb-bench-"));
  const path = join(folder, name);
  const source = resolve(sources, `${name}.c`);
  const { status, error, stderr } = spawnSync(process.env["CC"] ?? "cc", ["-O2", "-Wall", "-o", path, source]);
  if (status !== 0) throw new Error(`${name}.c can't be compiled: ${error?.message ?? stderr.toString()}`);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
