import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../support/metallb-process.ts";
import type { Reached } from "../support/raw-api-client.ts";

const BUNDLE = resolve(import.meta.dirname, "../../dist/metallb.mjs");

/**
 * Node's own flags. The young generation's default of up to 32 MiB and the old one's growth to twice its size are meant
 * for speed that an idle controller has no use for.
 */
const NODE_FLAGS = (process.env["METALLB_NODE_FLAGS"] ?? "--max-semi-space-size=2 --heap-growing-percent=20").split(
  " ",
);

const CONTROLLER = ["controller", "--namespace=metallb-system", "--port=0", "--log-level=error"];

/** Puts the folder $0 where a pod has its service account, for this process and its children only, and runs "$@". */
const AS_POD = `
  mount -t tmpfs tmpfs /var/run
  mkdir -p /var/run/secrets/kubernetes.io
  cp -r "$0" /var/run/secrets/kubernetes.io/serviceaccount
  exec "$@"`;

/** The controller as users run it: the production bundle in a process of its own, which believes to be in a pod. */
export class ControllerProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  static async start({ port, adminToken, caCertificate }: Reached): Promise<ControllerProcess> {
    const folder = mkdtempSync(join(tmpdir(), "metallb-bench-"));
    writeFileSync(join(folder, "token"), adminToken);
    writeFileSync(join(folder, "ca.crt"), caCertificate);
    const node = [process.execPath, ...NODE_FLAGS.filter(Boolean), BUNDLE, ...CONTROLLER];
    const command = [...node, `--health-probe-port=${await freePort()}`];
    const child = spawn("unshare", ["--mount", "--propagation=private", "sh", "-ec", AS_POD, folder, ...command], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { PATH: process.env["PATH"], KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) },
    });
    return new ControllerProcess(child, folder);
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
    rmSync(this.#folder, { recursive: true });
  }
}
