import { KINDS } from "../../src/config/kinds.ts";
import type { Result } from "../../src/lib/result.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import type { LiveState } from "../../src/speaker/live-state.ts";
import type { BgpSessions } from "../../src/speaker/bgp/bgp-speaker.ts";
import type { SpeakerOptions } from "../../src/speaker/run.ts";
import { Speaker } from "../../src/speaker/run.ts";
import { formatAddress } from "../../src/ip/address.ts";
import { FakeWorker } from "./fake-worker.ts";
import { ManualClock } from "./manual-clock.ts";
import { ModelSessions } from "./model-sessions.ts";
import { RecordingKube } from "./recording-kube.ts";
import { RecordingLog } from "./recording-log.ts";
import { RecordingMetrics } from "./recording-metrics.ts";
import { settle } from "./settle.ts";

export const NAMESPACE = "metallb-system";

/** A cluster in memory with speakers on its nodes. */
export class SpeakerLab {
  readonly kube = new RecordingKube();
  readonly clock = new ManualClock();

  node(name: string, more: { labels?: Record<string, string>; networkUnavailable?: boolean } = {}): void {
    const status = more.networkUnavailable === true ? "True" : "False";
    this.kube.apply(KINDS.Node, {
      metadata: { name, labels: { "kubernetes.io/hostname": name, ...more.labels } },
      status: { conditions: [{ type: "NetworkUnavailable", status }] },
    });
  }

  pool(name: string, ...addresses: string[]): void {
    this.kube.apply(KINDS.IPAddressPool, { metadata: { namespace: NAMESPACE, name }, spec: { addresses } });
  }

  advertisement(name: string, spec: object = {}): void {
    this.kube.apply(KINDS.L2Advertisement, { metadata: { namespace: NAMESPACE, name }, spec });
  }

  /** A Service with addresses, and one endpoint on each of `on`. */
  service(
    name: string,
    ips: readonly string[],
    more: { on?: readonly string[]; spec?: object; metadata?: object } = {},
  ) {
    const spec = { type: "LoadBalancer", ports: [{ protocol: "TCP", port: 80 }], ...more.spec };
    this.kube.apply(KINDS.Service, {
      metadata: { namespace: "shop", name, ...more.metadata },
      spec,
      status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
    });
    this.endpoints(name, more.on ?? ["node-1"]);
  }

  endpoints(service: string, on: readonly string[]): void {
    this.kube.apply(KINDS.EndpointSlice, {
      metadata: { namespace: "shop", name: `${service}-1`, labels: { "kubernetes.io/service-name": service } },
      endpoints: on.map((nodeName) => ({ addresses: ["10.244.0.1"], nodeName, conditions: { ready: true } })),
    });
  }

  /** `bgp`: with sessions, those of a model or others; otherwise it has none. */
  async speaker(
    node: string,
    more: Partial<SpeakerOptions> & { interfaces?: string[]; bgp?: boolean | BgpSessions } = {},
  ): Promise<LabSpeaker> {
    const { interfaces, bgp = false, ...options } = more;
    const speaker = new LabSpeaker(node, this, { interfaces, bgp }, options);
    speaker.start();
    await settle();
    return speaker;
  }

  statuses(): readonly KubeObject[] {
    return this.kube.objects(KINDS.ServiceL2Status);
  }
}

export class LabSpeaker {
  readonly worker: FakeWorker;
  readonly log = new RecordingLog();
  readonly metrics = new RecordingMetrics();
  readonly events: RecordingKube["events"] = [];
  readonly sessions = new ModelSessions();
  readonly #speaker: Speaker;

  constructor(
    node: string,
    lab: SpeakerLab,
    { interfaces, bgp }: { readonly interfaces: string[] | undefined; readonly bgp: boolean | BgpSessions },
    options: Partial<SpeakerOptions>,
  ) {
    this.worker = new FakeWorker(interfaces);
    const { kube, clock } = lab;
    this.#speaker = new Speaker(
      { node, namespace: NAMESPACE, podName: undefined, loadBalancerClass: "", ignoreExcludeLabel: false, ...options },
      {
        watcher: kube,
        client: kube,
        events: { record: (event) => void this.events.push(event) },
        worker: this.worker,
        ...(bgp === false ? {} : { sessions: bgp === true ? this.sessions : bgp }),
        clock,
        random: { next: () => 0 },
        log: this.log,
        metrics: this.metrics,
      },
    );
  }

  start(): void {
    this.#speaker.start();
  }

  stop(): Promise<void> {
    return this.#speaker.stop();
  }

  waitingFor(): string | undefined {
    return this.#speaker.waitingFor();
  }

  /** What `/state` shows for a query; throws when the query is refused. */
  state(query = ""): LiveState {
    const text = this.stateText(new URLSearchParams(query));
    if (!text.ok) throw new Error(text.error);
    return JSON.parse(text.value) as LiveState;
  }

  /** The same as it is served. */
  stateText(query: URLSearchParams): Result<string, string> {
    return this.#speaker.state(query);
  }

  /** Addresses that this node answers for. */
  answers(): readonly string[] {
    return [...this.worker.answered]
      .filter(([, on]) => on.length > 0)
      .map(([address]) => formatAddress(address))
      .sort();
  }
}
