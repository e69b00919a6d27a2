import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Reached } from "../support/raw-api-client.ts";

const BUNDLE = resolve(import.meta.dirname, "../../dist/metallb.mjs");

/** Puts the folder $0 where a pod has its service account, for this process and its children only, and runs "$@". */
const AS_POD = `
  mount -t tmpfs tmpfs /var/run
  mkdir -p /var/run/secrets/kubernetes.io
  cp -r "$0" /var/run/secrets/kubernetes.io/serviceaccount
  exec "$@"`;

export interface PodCommand {
  /** Of Node.js itself. */
  readonly nodeFlags: readonly string[];
  /** A program of the bundle, and its flags. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A program as users run it: the production bundle in a process of its own, which believes to be in a pod. */
export class PodProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;

  constructor({ port, adminToken, caCertificate }: Reached, { nodeFlags, command, env }: PodCommand) {
    this.#folder = mkdtempSync(join(tmpdir(), "metallb-bench-"));
    writeFileSync(join(this.#folder, "token"), adminToken);
    writeFileSync(join(this.#folder, "ca.crt"), caCertificate);
    const program = [process.execPath, ...nodeFlags, BUNDLE, ...command];
    const api = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) };
    const asPod = ["--mount", "--propagation=private", "sh", "-ec", AS_POD, this.#folder];
    this.#child = spawn("unshare", [...asPod, ...program], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { PATH: process.env["PATH"], ...api, ...env },
    });
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
    if (this.#child.exitCode !== null) throw new Error(`the program ended with code ${this.#child.exitCode}`);
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
    rmSync(this.#folder, { recursive: true });
  }
}
