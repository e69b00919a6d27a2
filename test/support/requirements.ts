import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/** What a test needs from the machine it runs on. */
export type Need = "root" | "netns" | "addon" | `bin:${string}`;

export type Requirement = { readonly skip: false } | { readonly skip: true; readonly reason: string };

const ROOT = resolve(import.meta.dirname, "../..");

/** Tools that scripts/install-test-tools.sh unpacks; they are looked up before PATH. */
const TOOLS = join(ROOT, ".cache/test-tools/bin");

/**
 * Whether the machine has what a test needs: `describe.skipIf(requireOrSkip(["root", "bin:arping"]).skip)(…)`.
 * Says why when not; with CI=true a missing need is an error, so that CI can't pass by testing nothing.
 */
export function requireOrSkip(needs: readonly Need[]): Requirement {
  const missing = needs.map(missingReason).filter((reason) => reason !== undefined);
  if (missing.length === 0) return { skip: false };
  const reason = missing.join("; ");
  if (process.env["CI"] === "true") throw new Error(`CI must be able to run every test: ${reason}`);
  const log = process.env["METALLB_SKIP_LOG"];
  if (log !== undefined) appendFileSync(log, `${reason}\n`);
  return { skip: true, reason };
}

/** Folders of daemons and of administration, which PATH may lack. */
const MORE_FOLDERS = ["/usr/sbin", "/sbin", "/usr/lib/frr"];

/** Path of a tool, from the project's own tool folder, PATH or where daemons are. */
export function toolPath(name: string): string | undefined {
  const folders = [TOOLS, ...(process.env["PATH"] ?? "").split(delimiter), ...MORE_FOLDERS];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function missingReason(need: Need): string | undefined {
  if (need === "root") return process.getuid?.() === 0 ? undefined : "needs root";
  if (need === "netns") return namespacesWork() ? undefined : "network namespaces can't be made here (unshare --net)";
  if (need === "addon") {
    const addon = join(ROOT, "src/native/build/metallb.node");
    return existsSync(addon) ? undefined : "the native addon is not built (sh src/native/build.sh)";
  }
  const name = need.slice("bin:".length);
  return toolPath(name) === undefined ? `${name} is not installed (scripts/install-test-tools.sh)` : undefined;
}

let namespaces: boolean | undefined;

function namespacesWork(): boolean {
  namespaces ??= spawnSync("unshare", ["--net", "true"]).status === 0;
  return namespaces;
}
