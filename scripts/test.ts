/** `npm test`: builds, runs every project of the suite, and ends by saying what passed, failed, was skipped, and why. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  return spawnSync(command, args, { cwd: ROOT, stdio: "inherit", env }).status ?? 1;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

/** Failed tests, and files that failed before any of their tests ran. */
function failures(report: Report): string[] {
  return report.testResults.flatMap((file) => {
    const failed = file.assertionResults.filter((test) => test.status === "failed").map((test) => test.fullName);
    return file.status === "failed" && failed.length === 0 ? [file.name] : failed;
  });
}

const scratch = mkdtempSync(join(tmpdir(), "metallb-test-"));
try {
  process.exitCode = main(join(scratch, "report.json"), join(scratch, "skipped.txt"));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function main(reportFile: string, skipLog: string): number {
  if (run(process.execPath, ["scripts/build.ts"]) !== 0) return 1;
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const status = run(process.execPath, [...args, ...process.argv.slice(2)], {
    ...process.env,
    METALLB_SKIP_LOG: skipLog,
  });
  const report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  const skipped = report.numPendingTests + report.numTodoTests;
  for (const name of failures(report)) process.stdout.write(`failed: ${name}\n`);
  for (const reason of new Set(readLines(skipLog))) process.stdout.write(`skipped because: ${reason}\n`);
  const failed = Math.max(report.numFailedTests, failures(report).length);
  process.stdout.write(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
  return status === 0 && report.numPassedTests === 0 ? 1 : status;
}
