import { KINDS } from "../../src/config/kinds.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { formatMac, parseMac } from "../../src/ip/mac.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import { Speaker } from "../../src/speaker/run.ts";
import { ControllerLab, type ServiceSpec } from "./controller-lab.ts";
import { MemoryInternet } from "./memory-internet.ts";
import { MemoryHost, MemorySegment } from "./memory-network.ts";
import { MemoryWorker } from "./memory-worker.ts";
import { RecordingLog } from "./recording-log.ts";
import { RecordingMetrics } from "./recording-metrics.ts";
import { arpRequest, CLIENT, solicitation } from "./request-frames.ts";
import { settle } from "./settle.ts";
import { type Millis, millis } from "../../src/lib/duration.ts";

const NAMESPACE = "metallb-system";
const SPEAKER_PODS = { labels: "component=speaker", port: 7946 };

/** Interfaces of every node; those of one name are on one switch, with the client. */
const NICS = ["eth0", "eth1"] as const;
export type Nic = (typeof NICS)[number];

interface ClusterOptions {
  readonly nodes?: readonly string[];
  /** Whether speakers know of each other by membership, which needs time to pass in small steps. */
  readonly membership?: boolean;
}

interface NodeState {
  readonly number: number;
  labels: Readonly<Record<string, string>>;
  networkUnavailable: boolean;
  speaker: RunningSpeaker | undefined;
}

interface RunningSpeaker {
  readonly speaker: Speaker;
  readonly worker: MemoryWorker;
  readonly metrics: RecordingMetrics;
}

/**
 * A cluster in memory that a client on the network can ask: a whole controller, whole speakers with real layer-2 engines,
 * and a switch for each of their interfaces.
 */
export class Layer2Cluster {
  readonly lab = new ControllerLab();
  readonly #internet: MemoryInternet;
  readonly #membership: boolean;
  readonly #lans = { eth0: new MemorySegment(), eth1: new MemorySegment() };
  readonly #nodes = new Map<string, NodeState>();

  private constructor({ nodes = ["node-a", "node-b", "node-c"], membership = false }: ClusterOptions) {
    this.#membership = membership;
    this.#internet = new MemoryInternet(this.lab.clock);
    for (const [i, name] of nodes.entries()) {
      const labels = { "kubernetes.io/hostname": name };
      this.#nodes.set(name, { number: i + 1, labels, networkUnavailable: false, speaker: undefined });
      this.#applyNode(name);
    }
  }

  /** With a controller, and a speaker on every node. */
  static async start(options: ClusterOptions = {}): Promise<Layer2Cluster> {
    const cluster = new Layer2Cluster(options);
    await cluster.lab.start();
    for (const name of cluster.nodes) cluster.startSpeaker(name);
    await cluster.quiet();
    return cluster;
  }

  get nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  get #all(): readonly RunningSpeaker[] {
    return [...this.#nodes.values()].map(({ speaker }) => speaker).filter((speaker) => speaker !== undefined);
  }

  /** Until what was asked for is done. */
  async quiet(): Promise<void> {
    if (this.#membership) await this.pass(millis(1000));
    else await this.lab.quiet();
  }

  /** Time in small steps, so that questions are answered before they are given up. */
  async pass(time: Millis): Promise<void> {
    for (let passed = 0; passed < time; passed += 5) {
      this.lab.clock.advance(millis(5));
      await settle(8);
    }
  }

  startSpeaker(name: string): void {
    const node = this.#nodes.get(name)!;
    const { clock, kube } = this.lab;
    const metrics = new RecordingMetrics();
    const random = { next: () => 0.5 };
    const ip = `10.0.0.${node.number}`;
    const metadata = { namespace: NAMESPACE, name: `speaker-${name}`, labels: { component: "speaker" } };
    kube.apply(KINDS.Pod, { metadata, status: { podIP: ip } });
    const address = parseAddress(ip)!;
    const member = { node: name, address, port: SPEAKER_PODS.port, ...this.#internet.host(address) };
    const ports = { host: this.#hostOf(node), clock, seed: node.number };
    const worker = new MemoryWorker(ports, this.#membership ? member : undefined);
    const speaker = new Speaker(
      {
        node: name,
        namespace: NAMESPACE,
        podName: undefined,
        loadBalancerClass: "",
        ignoreExcludeLabel: false,
        speakerPods: this.#membership ? SPEAKER_PODS : undefined,
      },
      { watcher: kube, client: kube, events: kube, worker, clock, random, log: new RecordingLog(), metrics },
    );
    node.speaker = { speaker, worker, metrics };
    speaker.start();
  }

  /** As when its Pod is deleted and can't come back. */
  async removeSpeaker(name: string): Promise<void> {
    const node = this.#nodes.get(name)!;
    this.lab.kube.remove(KINDS.Pod, `${NAMESPACE}/speaker-${name}`);
    const stopped = node.speaker!.speaker.stop();
    await this.quiet();
    await stopped;
    node.speaker = undefined;
  }

  label(name: string, labels: Readonly<Record<string, string | undefined>>): void {
    const node = this.#nodes.get(name)!;
    const changed = Object.entries({ ...node.labels, ...labels });
    node.labels = Object.fromEntries(changed.filter((entry): entry is [string, string] => entry[1] !== undefined));
    this.#applyNode(name);
  }

  setNetworkUnavailable(name: string, networkUnavailable: boolean): void {
    this.#nodes.get(name)!.networkUnavailable = networkUnavailable;
    this.#applyNode(name);
  }

  pool(
    name: string,
    addresses: readonly string[],
    more: { spec?: object; labels?: Record<string, string> } = {},
  ): void {
    const { spec, labels = {} } = more;
    const metadata = { namespace: NAMESPACE, name, labels };
    this.lab.kube.apply(KINDS.IPAddressPool, { metadata, spec: { addresses, ...spec } });
  }

  advertise(name: string, spec: object = {}): void {
    this.lab.kube.apply(KINDS.L2Advertisement, { metadata: { namespace: NAMESPACE, name }, spec });
  }

  /** A Service, of namespace `default`, with one endpoint on each of `on`, by default all nodes. */
  async service(name: string, spec: ServiceSpec & { readonly on?: readonly string[] } = {}): Promise<void> {
    const { on = this.nodes, ...rest } = spec;
    this.lab.service(name, rest);
    this.lab.kube.apply(KINDS.EndpointSlice, {
      metadata: { namespace: "default", name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
      endpoints: on.map((nodeName) => ({ addresses: ["10.244.0.1"], nodeName, conditions: { ready: true } })),
    });
    await this.quiet();
  }

  /** What a client that asks on a network is told: `node/interface` of each answer. */
  ask(address: string, on: Nic = "eth0"): readonly string[] {
    const lan = this.#lans[on];
    const before = lan.sent.length;
    const request = address.includes(":") ? solicitation({ target: address }) : arpRequest({ target: address });
    lan.inject(parseMac(CLIENT.mac)!, request);
    const toClient = lan.sent.slice(before).filter(({ frame }) => formatMac(frame.subarray(0, 6)) === CLIENT.mac);
    return toClient.map(({ from }) => this.#stationOf(from));
  }

  /** The one node that announces a Service, on which all who could know agree; undefined when there is none. */
  announcer(name: string): string | undefined {
    const answering = this.lab.ips(name).flatMap((ip) => NICS.flatMap((nic) => this.ask(ip, nic)));
    const nodes = [...new Set(answering.map((station) => station.split("/")[0]!))];
    const status = this.status(name).map((object) => (object["status"] as { node: string }).node);
    if (nodes.length > 1 || nodes.join() !== status.join())
      throw new Error(
        `${nodes.join(" and ") || "nobody"} answers, but the status names ${status.join(" and ") || "nobody"}`,
      );
    const [node] = nodes;
    if (
      node !== undefined &&
      !this.lab
        .events(name)
        .findLast((text) => text.includes("nodeAssigned"))!
        .includes(`"${node}"`)
    )
      throw new Error(`the last event does not name ${node}`);
    return node;
  }

  /** The ServiceL2Status objects of a Service. */
  status(name: string): readonly KubeObject[] {
    const all = this.lab.kube.objects(KINDS.ServiceL2Status);
    return all.filter(({ metadata }) => metadata.labels?.["metallb.io/service-name"] === name);
  }

  metricsOf(node: string): RecordingMetrics {
    return this.#nodes.get(node)!.speaker!.metrics;
  }

  async close(): Promise<void> {
    const stopping = [this.lab.stop(), ...this.#all.map(({ speaker }) => speaker.stop())];
    await this.pass(millis(100));
    this.lab.clock.advance(millis(5000));
    await Promise.all(stopping);
  }

  #applyNode(name: string): void {
    const { labels, networkUnavailable } = this.#nodes.get(name)!;
    const status = networkUnavailable ? "True" : "False";
    this.lab.kube.apply(KINDS.Node, {
      metadata: { name, labels },
      status: { conditions: [{ type: "NetworkUnavailable", status }] },
    });
  }

  #hostOf({ number }: NodeState): MemoryHost {
    const host = new MemoryHost();
    for (const [i, nic] of NICS.entries()) host.plug(nic, this.#lans[nic], `02:00:00:00:0${number}:0${i}`);
    return host;
  }

  #stationOf(mac: string): string {
    const [number, nic] = mac.split(":").slice(4).map(Number);
    const [name] = [...this.#nodes].find(([, node]) => node.number === number)!;
    return `${name}/${NICS[nic!]}`;
  }
}
