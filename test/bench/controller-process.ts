import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";

const BUNDLE = resolve(import.meta.dirname, "../../dist/metallb.mjs");

/** The controller as users run it: the production bundle in a process of its own. */
export class ControllerProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(kubeconfig: string): Promise<ControllerProcess> {
    const health = await freePort();
    const args = ["controller", `--kubeconfig=${kubeconfig}`, "--namespace=metallb-system", "--port=0"];
    const quiet = [`--health-probe-port=${health}`, "--log-level=error", ...BENCH_FLAGS];
    const child = spawn(process.execPath, [...NODE_FLAGS, BUNDLE, ...args, ...quiet], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, METALLB_POD_NAME: "" },
    });
    return new ControllerProcess(child);
  }

  /** Processor time so far, in microseconds. */
  cpu(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  }

  /** Resident memory now and at its highest, in MiB. */
  memory(): { readonly rssMiB: number; readonly peakRssMiB: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    const mebibytes = (field: string) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)![1]) / 1024);
    return { rssMiB: mebibytes("VmRSS"), peakRssMiB: mebibytes("VmHWM") };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) throw new Error(`the controller ended with code ${this.#child.exitCode}`);
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }
}

/** Node's own flags, as the image sets them. */
const NODE_FLAGS: readonly string[] = [];
const BENCH_FLAGS: readonly string[] = ["--webhook-mode=disabled"];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}
