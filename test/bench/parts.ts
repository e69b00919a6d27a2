/** What benchmarks of several parts have in common: which parts are run, progress, and the report. */
import { cpus } from "node:os";

/** On standard error, so that standard output is the report alone. */
export function tell(progress: string): void {
  process.stderr.write(`${progress}\n`);
}

/** The parts that were asked for, or all. Throws for one that there is not. */
export function chosenParts(asked: readonly string[], all: Readonly<Record<string, unknown>>): readonly string[] {
  const unknown = asked.filter((part) => !Object.hasOwn(all, part));
  if (unknown.length > 0)
    throw new Error(`no such part: ${unknown.join(", ")}; there are ${Object.keys(all).join(", ")}`);
  return asked.length > 0 ? asked : Object.keys(all);
}

/** Runs the parts one after the other, and prints one JSON object with what each returns. */
export async function reportParts<Limits>(
  names: readonly string[],
  parts: Readonly<Record<string, (limits: Limits) => unknown>>,
  limits: Limits,
): Promise<void> {
  const report: Record<string, unknown> = { node: process.version, cpus: cpus().map((cpu) => cpu.model) };
  for (const name of names) {
    tell(name);
    report[name] = await parts[name]!(limits);
  }
  process.stdout.write(`${compact(report)}\n`);
}

/** Innermost objects on one line each, which is how figures are compared. */
function compact(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/\{[^{}]*\}/g, (object) => object.replace(/\s+/g, " "));
}
