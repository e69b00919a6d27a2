import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fieldsOf } from "../../config/fields.ts";
import { KINDS } from "../../config/kinds.ts";
import type { ObjectName } from "../../ports/kube.ts";
import { EnvironmentError, errorMessage } from "../../lib/errors.ts";
import { kubeconfig } from "../api-server/kubeconfig.ts";
import type { ApiServer } from "../api-server/server.ts";
import { commandNode, type ConsoleAction } from "../kubelet/console.ts";
import { socketName } from "../proxy/plan.ts";
import type { AccessBook } from "./access-book.ts";
import type { Cluster } from "./cluster.ts";
import { METALLB_NAMESPACE } from "./cluster-objects.ts";
import type { Holder } from "./holder.ts";
import type { LabFolder } from "./lab-folder.ts";
import { LabProcess, type ProcessSpec } from "./lab-process.ts";
import { CLIENT, type LabNode, SWITCH } from "./topology.ts";

const run = promisify(execFile);

/** What a command in the lab printed, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LabParts {
  readonly folder: LabFolder;
  /** The folder with the bundles: what runs in the lab is `metallb.mjs` from there. */
  readonly dist: string;
  readonly holder: Holder;
  readonly apiServer: ApiServer;
  readonly access: AccessBook;
  readonly cluster: Cluster;
  /** Ends every process and namespace of the lab. */
  readonly close: () => Promise<void>;
}

/** A machine as a data centre: the processes in it, and ways to look at it and to break it. */
export class Lab {
  readonly folder: LabFolder;
  readonly cluster: Cluster;
  readonly access: AccessBook;
  /** Rejects when a process ends that nobody stopped. */
  readonly trouble: Promise<never>;
  readonly #parts: LabParts;
  readonly #processes = new Map<string, LabProcess>();
  readonly #trouble = Promise.withResolvers<never>();
  #closing = false;

  constructor(parts: LabParts) {
    this.#parts = parts;
    this.folder = parts.folder;
    this.cluster = parts.cluster;
    this.access = parts.access;
    this.trouble = this.#trouble.promise;
    this.trouble.catch(() => undefined);
    void parts.holder.exited.then(() => this.#report("the namespaces are gone"));
  }

  /** Whether a user namespace stands in for root. */
  get rootless(): boolean {
    return this.#parts.holder.rootless;
  }

  /** Adds to the lab with shell lines, as to its topology. */
  build(lines: readonly string[]): void {
    this.#parts.holder.script(lines);
  }

  /** Starts a program that is no part of the cluster in a network namespace; its end is trouble. */
  startDaemon(name: string, namespace: string, command: readonly string[]): void {
    this.#start({ name, namespace, command, logFile: this.folder.standInLog(name) });
  }

  /** Runs a command in a network namespace to its end; a command that fails is an answer, too. */
  async run(namespace: string, command: readonly string[]): Promise<Printed> {
    const [file, ...args] = this.#parts.holder.enter(namespace, command);
    try {
      return { code: 0, ...(await run(file!, args)) };
    } catch (error) {
      const { code, stdout = "", stderr = "" } = error as { code?: unknown; stdout?: string; stderr?: string };
      return { code: typeof code === "number" ? code : -1, stdout, stderr: stderr || errorMessage(error) };
    }
  }

  /** Starts a command in a network namespace; it ends with the lab, or when it writes after its output was closed. */
  spawn(namespace: string, command: readonly string[]): ChildProcess {
    const [file, ...args] = this.#parts.holder.enter(namespace, command);
    return spawn(file!, args, { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Makes the API server reachable inside the lab, and Pods from the API server. */
  startRelay(): void {
    this.#startStandIn("gateway", SWITCH.name, ["lab-gateway", `--socket=${this.folder.podSocket}`]);
    const address = [`--host=${SWITCH.ipv4}`, `--port=${SWITCH.apiPort}`];
    this.#startStandIn("relay", SWITCH.name, ["lab-relay", ...address, `--socket=${this.folder.apiSocket}`]);
  }

  /** True when a machine in the lab reaches the API server. */
  async reachesApiServer(): Promise<true | undefined> {
    const { stdout } = await this.run(CLIENT.name, ["curl", "-sk", `${API_INSIDE}/readyz`]);
    return stdout === "ok" || undefined;
  }

  /** Kubelet and kube-proxy of a node. The Pods of the node are its children, and end with it. */
  startNodeAgent(node: LabNode): void {
    const { folder } = this;
    this.#startStandIn(agentName(node), node.name, [
      "lab-node",
      `--node=${node.name}`,
      `--kubeconfig=${this.#kubeconfigOf(node)}`,
      `--certificate=${folder.containerCertificate}`,
      `--bundle=${this.#parts.dist}`,
      `--logs=${folder.podLogs}`,
      `--console=${folder.consoleOf(node.name)}`,
    ]);
  }

  /** The speaker's Pod on a node. Rejects when there is none. */
  async speakerPod(node: LabNode): Promise<ObjectName> {
    const pods = await this.cluster.list(KINDS.Pod, METALLB_NAMESPACE, SPEAKERS);
    const pod = pods.find(({ spec }) => fieldsOf(spec)["nodeName"] === node.name);
    if (pod !== undefined) return { namespace: METALLB_NAMESPACE, name: pod.metadata.name };
    throw new EnvironmentError("no-speaker", `no speaker on ${node.name}`, { retryable: true });
  }

  /** What the speaker on a node has said so far. */
  async speakerLog(node: LabNode): Promise<string> {
    const { namespace, name } = await this.speakerPod(node);
    return readFileSync(this.folder.podLog(namespace, name), "utf8");
  }

  /** Ends a speaker without a warning; nothing else of its node, and nobody starts it again. */
  killSpeaker(node: LabNode): Promise<void> {
    return this.#command(node, "hold", "SIGKILL");
  }

  /** Ends a speaker as a rollout does: it may say goodbye. Nobody starts it again. */
  stopSpeaker(node: LabNode): Promise<void> {
    return this.#command(node, "hold", "SIGTERM");
  }

  /** Starts a speaker that was killed or stopped. */
  startSpeaker(node: LabNode): Promise<void> {
    return this.#command(node, "release");
  }

  /** Stops a speaker in the middle of what it does, or lets it go on. */
  signalSpeaker(node: LabNode, signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    return this.#command(node, "signal", signal);
  }

  /** Stops a node as a power cut does: its cable is dead, its processes are killed, and nobody is told. */
  async killNode(node: LabNode): Promise<void> {
    await Promise.all([
      this.run(SWITCH.name, ["ip", "link", "set", node.name, "down"]),
      this.#processes.get(agentName(node))?.stop("SIGKILL"),
    ]);
  }

  /** Deletes a Node, which is how a cluster learns that a node is gone for good, and its Pods with it. */
  async deleteNode(node: LabNode): Promise<void> {
    await this.cluster.delete(KINDS.Node, { namespace: "", name: node.name });
  }

  /** Starts a client that asks each URL for an answer again and again, and prints what `AnswerTimes` reads. */
  startSteadyClient(urls: readonly string[]): ChildProcess {
    const program = [process.execPath, join(this.#parts.dist, "metallb-dev.mjs")];
    return this.spawn(CLIENT.name, [...program, "lab-client", ...urls]);
  }

  /** The command line by which a person enters a network namespace. */
  enterCommand(namespace: string): string {
    return this.#parts.holder.enter(namespace, []).join(" ");
  }

  /** Ends every process and namespace of the lab. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#parts.close();
  }

  async #command(node: LabNode, action: ConsoleAction, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { namespace, name } = await this.speakerPod(node);
    await commandNode(this.folder.consoleOf(node.name), { action, pod: `${namespace}/${name}`, signal });
  }

  #startStandIn(name: string, namespace: string, args: readonly string[]): void {
    this.#start({
      name,
      namespace,
      command: [process.execPath, join(this.#parts.dist, "metallb-dev.mjs"), ...args],
      logFile: this.folder.standInLog(name),
    });
  }

  #start(spec: ProcessSpec): void {
    const started = new LabProcess(this.#parts.holder, spec);
    this.#processes.set(spec.name, started);
    void started.exited.then((how) => {
      if (how !== "") this.#report(how);
    });
  }

  #report(what: string): void {
    if (!this.#closing) this.#trouble.reject(new EnvironmentError("lab-trouble", what, { retryable: false }));
  }

  /** Writes the kubeconfig of a node's agent, and returns its path. */
  #kubeconfigOf({ name }: LabNode): string {
    const { apiServer } = this.#parts;
    const file = this.folder.kubeconfigOf(name);
    const text = kubeconfig({
      server: API_INSIDE,
      ca: apiServer.caCertificate,
      token: apiServer.addUser(`system:node:${name}`, ["system:nodes"]),
    });
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }
}

/** The API server's URL inside the lab. */
const API_INSIDE = `https://${socketName(SWITCH.ipv4, SWITCH.apiPort)}`;

/** Selects the speakers' Pods, whatever installed them. */
const SPEAKERS = "component=speaker";

function agentName(node: LabNode): string {
  return `agent-${node.name}`;
}
