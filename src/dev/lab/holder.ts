import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { EnvironmentError } from "../../lib/errors.ts";

/**
 * Keeps the lab's namespaces alive. The process is init of a PID namespace, and waits for the end of its standard
 * input: when the process that opened the lab ends, even by SIGKILL, the kernel closes the pipe, init removes the lab's
 * folder and ends, and the kernel kills everything in the PID namespace and frees the network namespaces with it.
 * Nothing is written outside: /run is a private tmpfs, so `ip netns` keeps its names there.
 */
const INIT_SCRIPT = `
mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/netns && echo ready && cat >/dev/null
[ -e "$0/keep" ] || rm -rf "$0"
`;

const TOOLS = ["unshare", "nsenter", "setpriv", "ip", "mount", "curl"];

export interface Holder {
  /** PID of init, in the PID namespace of the caller. */
  readonly pid: number;
  /** Whether a user namespace stands in for root. */
  readonly rootless: boolean;
  /** Fires when init has ended, by `close` or otherwise. */
  readonly exited: Promise<void>;
  /** The command line that runs `command` in a network namespace of the lab, for root or the user who opened it. */
  enter(namespace: string, command: readonly string[]): string[];
  /** Runs a shell script in the lab, outside its network namespaces, and rejects when a line of it fails. */
  script(lines: readonly string[]): void;
  close(): Promise<void>;
}

/** Opens the namespaces. `folder` is removed with them, unless it has an entry `keep`. */
export async function openHolder(folder: string): Promise<Holder> {
  const rootless = process.getuid?.() !== 0;
  checkTools();
  const options = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const command = [...(rootless ? ["-Ur"] : []), ...options, "sh", "-c", INIT_SCRIPT, folder];
  const unshare = spawn("unshare", command, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const exited = new Promise<void>((resolve) => {
    unshare.once("exit", () => resolve());
    unshare.once("error", () => resolve());
  });
  await ready(unshare, rootless);
  const pid = onlyChild(unshare.pid!);
  const enter = [
    "nsenter",
    `--target=${pid}`,
    ...(rootless ? ["--user", "--preserve-credentials"] : []),
    "--mount",
    "--net",
    "--pid",
  ];
  return {
    pid,
    rootless,
    exited,
    enter: (namespace, command) => [...enter, "ip", "netns", "exec", namespace, ...command],
    script: (lines) => runScript([...enter, "sh", "-ec"], lines),
    close: async () => {
      unshare.stdin.end();
      await exited;
    },
  };
}

/** The one child of a process; undefined as long as it has none. */
export function childOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return children === "" ? undefined : Number(children.split(" ")[0]);
  } catch {
    return undefined;
  }
}

function onlyChild(pid: number): number {
  const child = childOf(pid);
  if (child === undefined) throw unusable("the kernel does not list the children of a process (CONFIG_PROC_CHILDREN)");
  return child;
}

function checkTools(): void {
  const missing = TOOLS.filter((tool) => spawnSync(tool, ["--version"], { stdio: "ignore" }).error !== undefined);
  if (missing.length === 0) return;
  throw unusable(`${missing.join(", ")} not found; on Debian: apt-get install iproute2 mount util-linux curl`);
}

async function ready(unshare: ChildProcess, rootless: boolean): Promise<void> {
  let errors = "";
  unshare.stderr!.on("data", (chunk: Buffer) => (errors = `${errors}${chunk.toString()}`.slice(-2000)));
  const started = await new Promise<boolean>((resolve) => {
    unshare.stdout!.once("data", () => resolve(true));
    unshare.once("close", () => resolve(false));
    unshare.once("error", () => resolve(false));
  });
  if (started) return;
  throw unusable(
    rootless
      ? `this kernel does not let a user make namespaces (${errors.trim()}): run as root, or allow it with ` +
          "sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0 and, on Ubuntu, " +
          "kernel.apparmor_restrict_unprivileged_userns=0"
      : `namespaces can't be made here (${errors.trim()}); in a container this needs CAP_SYS_ADMIN and CAP_NET_ADMIN`,
  );
}

function runScript(shell: readonly string[], lines: readonly string[]): void {
  const [file, ...args] = shell;
  const result = spawnSync(file!, [...args, `exec 2>&1; set -x; ${lines.join("\n")}`], { encoding: "utf8" });
  if (result.status === 0) return;
  const trace = result.stdout.trim().split("\n").slice(-3).join("; ");
  throw unusable(`building the network failed: ${trace}`);
}

function unusable(message: string): EnvironmentError {
  return new EnvironmentError("lab-unusable", message, { retryable: false });
}
