import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** Node 24, whatever `node` is on PATH. */
export const NODE = resolve(ROOT, "node_modules/.bin/node");

let count = 0;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Network namespaces of one test, with names that nobody else uses; `close` removes them and what runs in them. */
export class TestNetwork {
  readonly #prefix = `ml${process.pid}n${count++}`;
  readonly #names = new Set<string>();
  readonly #children = new Set<ChildProcess>();

  /** Makes a namespace with `lo` up, and returns its name. */
  namespace(label: string): string {
    const name = `${this.#prefix}-${label}`;
    run("ip", ["netns", "add", name]);
    this.#names.add(name);
    run("ip", ["-n", name, "link", "set", "lo", "up"]);
    return name;
  }

  /** A cable between `a` and `b`, given as [namespace, interface]; both ends are set up. */
  cable(a: readonly [string, string], b: readonly [string, string]): void {
    run("ip", ["link", "add", a[1], "netns", a[0], "type", "veth", "peer", "name", b[1], "netns", b[0]]);
    for (const [namespace, name] of [a, b]) run("ip", ["-n", namespace, "link", "set", name, "up"]);
  }

  /** `ip -n NAMESPACE …`; throws when it fails. */
  ip(namespace: string, ...args: readonly string[]): string {
    return run("ip", ["-n", namespace, ...args]).stdout;
  }

  /** Adds an address that can be used at once: duplicate address detection would take two seconds. */
  address(namespace: string, name: string, prefix: string): void {
    this.ip(namespace, "addr", "add", prefix, "dev", name, ...(prefix.includes(":") ? ["nodad"] : []));
  }

  mac(namespace: string, name: string): string {
    const [link] = JSON.parse(this.ip(namespace, "-j", "link", "show", name)) as { readonly address: string }[];
    return link!.address;
  }

  /** Runs a program in the namespace to its end. */
  exec(namespace: string, program: string, ...args: readonly string[]): Finished {
    const result = spawnSync("ip", ["netns", "exec", namespace, program, ...args], { encoding: "utf8", cwd: ROOT });
    return { code: result.status, stdout: result.stdout, stderr: result.stderr };
  }

  /** Starts a program in the namespace. */
  spawn(namespace: string, program: string, ...args: readonly string[]): ChildProcess {
    const child = spawn("ip", ["netns", "exec", namespace, program, ...args], { cwd: ROOT });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const name of this.#names) spawnSync("ip", ["netns", "del", name]);
  }
}

function run(program: string, args: readonly string[]): Finished {
  const result = spawnSync(program, args, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${result.stderr}`);
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}
