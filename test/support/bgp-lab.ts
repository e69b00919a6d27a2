import { projectEndpointSlice } from "../../src/config/endpoint-slice.ts";
import { projectNode } from "../../src/config/node.ts";
import { projectService } from "../../src/config/service.ts";
import { type Millis, millis, seconds } from "../../src/lib/duration.ts";
import type { BgpDecision } from "../../src/speaker/bgp/bgp-plan.ts";
import { type BgpReplan, BgpState } from "../../src/speaker/bgp/bgp-state.ts";
import { updateRib } from "../../src/speaker/bgp/update-rib.ts";
import { type ConfigKind, ConfigSource } from "../../src/speaker/config-source.ts";
import { SpeakerObjects } from "../../src/speaker/speaker-objects.ts";
import { configObject } from "./config-objects.ts";
import { ModelSessions } from "./model-sessions.ts";

export interface LabServiceSpec {
  /** Nodes of its endpoints, once for each; not ready ones behind `!`, terminating ones behind `~`. */
  readonly on?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly policy?: "Cluster" | "Local";
  readonly spec?: object;
}

const OPTIONS = { loadBalancerClass: "", ignoreExcludeLabel: false, weightInterval: seconds(5) };

/**
 * A speaker's BGP from objects to what its peers were told, with everything in between but messages and sessions. Peers
 * are in AS 64500 and we in 64512, unless they say otherwise.
 */
export class BgpLab {
  readonly objects: SpeakerObjects;
  readonly state: BgpState;
  readonly sessions = new ModelSessions();
  readonly #source: ConfigSource;
  #now = 0;
  /** Complaints about the configuration that was looked at last. */
  refusals: readonly string[] = [];
  /** What came of the last `settle`. */
  last: BgpReplan = { changes: [], routes: new Map(), again: undefined };

  constructor(node = "node-1", more: Partial<typeof OPTIONS> = {}) {
    const options = { node, ...OPTIONS, ...more };
    this.objects = new SpeakerObjects(options);
    this.state = new BgpState(options, this.objects);
    this.#source = new ConfigSource(node);
    this.node(node);
  }

  pool(name: string, ...addresses: string[]): this {
    return this.apply("IPAddressPool", name, { addresses });
  }

  advertisement(name: string, spec: object = {}): this {
    return this.apply("BGPAdvertisement", name, spec);
  }

  peer(name: string, spec: object = {}): this {
    const peerAddress = `192.0.2.${100 + name.charCodeAt(name.length - 1)}`;
    return this.apply("BGPPeer", name, { myASN: 64_512, peerASN: 64_500, peerAddress, ...spec });
  }

  apply(kind: ConfigKind, name: string, spec: object, labels?: Readonly<Record<string, string>>): this {
    this.#source.set(kind, `metallb-system/${name}`, configObject(name, spec, labels));
    return this;
  }

  remove(kind: ConfigKind, name: string): this {
    this.#source.delete(kind, `metallb-system/${name}`);
    return this;
  }

  node(name: string, more: { labels?: Record<string, string>; networkUnavailable?: boolean } = {}): this {
    const status = more.networkUnavailable === true ? "True" : "False";
    const conditions = [{ type: "NetworkUnavailable", status }];
    const node = projectNode({ metadata: { name, labels: more.labels ?? {} }, status: { conditions } });
    this.objects.setNode(node);
    this.#source.setNode(node);
    return this;
  }

  /** A Service in namespace `shop`; its endpoints are on node-1 unless they are elsewhere. */
  service(name: string, ips: readonly string[], { on, labels, policy, spec }: LabServiceSpec = {}): this {
    this.objects.setService(
      `shop/${name}`,
      projectService({
        metadata: { namespace: "shop", name, uid: name, ...(labels && { labels }) },
        spec: { type: "LoadBalancer", externalTrafficPolicy: policy ?? "Cluster", ...spec },
        status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
      }),
    );
    return this.endpoints(name, on ?? ["node-1"]);
  }

  deleteService(name: string): this {
    this.objects.deleteService(`shop/${name}`);
    return this;
  }

  endpoints(service: string, on: readonly string[]): this {
    for (const addressType of ["IPv4", "IPv6"]) {
      this.objects.setSlice(
        `shop/${service}-${addressType}`,
        projectEndpointSlice({
          metadata: { namespace: "shop", name: service, labels: { "kubernetes.io/service-name": service } },
          addressType,
          endpoints: on.map((where) => ({
            addresses: [addressType === "IPv4" ? "10.244.0.1" : "fd00:244::1"],
            nodeName: where.replace(/^[!~]/, ""),
            conditions: { ready: !/^[!~]/.test(where), serving: !where.startsWith("!") },
          })),
        }),
      );
    }
    return this;
  }

  advance(time: Millis): this {
    this.#now += time;
    return this;
  }

  /** Plans what is new, and lets the peers hear of it. */
  settle(): this {
    const outcome = this.#source.next(() => this.state.announced());
    if (outcome !== undefined) this.refusals = outcome.refusals.map(({ error }) => error);
    if (outcome?.bgp !== undefined) {
      this.state.setConfig(outcome.bgp);
      this.sessions.setPeers(outcome.bgp.peers);
    }
    this.last = this.state.replan(millis(this.#now));
    for (const [name, routes] of this.last.routes) this.sessions.changeRoutes(name, (rib) => updateRib(rib, routes));
    return this;
  }

  decision(service: string): BgpDecision | undefined {
    return this.state.decisionOf(`shop/${service}`);
  }

  /** `announced`, or the reason why not. */
  outcome(service: string): string | undefined {
    const decision = this.decision(service);
    return decision?.announce === false ? decision.reason : decision && "announced";
  }

  peers(): readonly string[] {
    return this.sessions.peers();
  }

  told(peer: string): Readonly<Record<string, string>> {
    return this.sessions.told(peer);
  }

  heard(peer: string): number {
    return this.sessions.heard(peer);
  }
}
