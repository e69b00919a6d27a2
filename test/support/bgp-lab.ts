import type { PathAttributes } from "../../src/bgp/path-attributes.ts";
import { PeerRib } from "../../src/bgp/rib/peer-rib.ts";
import type { RibSession } from "../../src/bgp/rib/renderer.ts";
import { projectEndpointSlice } from "../../src/config/endpoint-slice.ts";
import type { BgpPeer } from "../../src/config/model.ts";
import { projectNode } from "../../src/config/node.ts";
import { projectService } from "../../src/config/service.ts";
import { formatAddress } from "../../src/ip/address.ts";
import { type Millis, millis, seconds } from "../../src/lib/duration.ts";
import type { BgpDecision } from "../../src/speaker/bgp/bgp-plan.ts";
import { type BgpReplan, BgpState } from "../../src/speaker/bgp/bgp-state.ts";
import { updateRib } from "../../src/speaker/bgp/update-rib.ts";
import { type ConfigKind, ConfigSource } from "../../src/speaker/config-source.ts";
import { SpeakerObjects } from "../../src/speaker/speaker-objects.ts";
import { DUAL_SESSION, ModelPeer } from "./bgp-routes.ts";
import { configObject } from "./config-objects.ts";

export interface LabServiceSpec {
  /** Nodes of its endpoints, once for each; not ready ones behind `!`, terminating ones behind `~`. */
  readonly on?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly policy?: "Cluster" | "Local";
  readonly spec?: object;
}

interface LabPeer {
  readonly rib: PeerRib;
  readonly model: ModelPeer;
  readonly session: RibSession;
}

const OPTIONS = { loadBalancerClass: "", ignoreExcludeLabel: false, weightInterval: seconds(5) };

/**
 * A speaker's BGP from objects to what its peers were told, with everything in between but messages and sessions, which
 * are always up. Peers are in AS 64500 and we in 64512, unless they say otherwise.
 */
export class BgpLab {
  readonly objects: SpeakerObjects;
  readonly state: BgpState;
  readonly #source: ConfigSource;
  readonly #peers = new Map<string, LabPeer>();
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
      this.#setPeers(outcome.bgp.peers);
    }
    this.last = this.state.replan(millis(this.#now));
    for (const [name, routes] of this.last.routes) updateRib(this.#peers.get(name)!.rib, routes);
    for (const { rib, model } of this.#peers.values()) model.receive(rib.take());
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
    return [...this.#peers.keys()].sort();
  }

  /** What a peer has, by prefix. */
  told(peer: string): Readonly<Record<string, string>> {
    const { model, session } = this.#peers.get(peer)!;
    const routes = [...model.table].map(([prefix, { attributes }]) => [prefix, describe(attributes, session)] as const);
    return Object.fromEntries(routes.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Next hop of each route that a peer has. */
  nextHops(peer: string): Readonly<Record<string, string>> {
    const { model } = this.#peers.get(peer)!;
    return Object.fromEntries([...model.table].map(([prefix, { nextHop }]) => [prefix, formatAddress(nextHop)]));
  }

  /** How many routes a peer was told of, or of whose end, so far. */
  heard(peer: string): number {
    return this.#peers.get(peer)!.model.heard;
  }

  counts(peer: string) {
    return this.#peers.get(peer)!.rib.counts();
  }

  #setPeers(peers: readonly BgpPeer[]): void {
    for (const name of this.#peers.keys()) if (peers.every((peer) => peer.name !== name)) this.#peers.delete(name);
    for (const peer of peers) {
      const session = sessionOf(peer);
      const known = this.#peers.get(peer.name);
      if (known !== undefined && JSON.stringify(plain(known.session)) === JSON.stringify(plain(session))) continue;
      const rib = known?.rib ?? new PeerRib();
      rib.establish(session);
      this.#peers.set(peer.name, { rib, model: new ModelPeer(), session });
    }
  }
}

function sessionOf(peer: BgpPeer): RibSession {
  const asn = peer.localAsn ?? peer.myAsn;
  const internal = peer.remoteAs.is === "number" ? peer.remoteAs.asn === asn : peer.remoteAs.is === "internal";
  const [ipv4, ipv6, linkLocal] = DUAL_SESSION.addresses.ofInterface;
  const overIpv6 = peer.endpoint.is === "interface" || peer.endpoint.address >> 32n !== 0xffffn;
  const local = peer.endpoint.is === "interface" ? linkLocal! : overIpv6 ? ipv6! : ipv4!;
  const both = peer.dualStack || peer.endpoint.is === "interface";
  return {
    internal,
    asn,
    families: both ? ["IPv4", "IPv6"] : [overIpv6 ? "IPv6" : "IPv4"],
    extendedNextHop: peer.endpoint.is === "interface",
    addresses: { ...DUAL_SESSION.addresses, local },
  };
}

function plain(session: RibSession): object {
  return { ...session, addresses: formatAddress(session.addresses.local) };
}

/** What is said beside the defaults: an AS path of our number once, local preference 100. */
function describe(attributes: PathAttributes, { asn, internal }: RibSession): string {
  const { asPath, localPref, med, communities, largeCommunities, extendedCommunities } = attributes;
  const path = asPath.flatMap(({ asns }) => asns);
  const usual = internal ? path.length === 0 : path.length === 1 && path[0] === asn;
  const parts = [
    ...(usual ? [] : [`path ${path.join(" ")}`]),
    ...(localPref === undefined || localPref === 100 ? [] : [`pref ${localPref}`]),
    ...(med === undefined ? [] : [`med ${med}`]),
    ...communities.map((community) => `${community >>> 16}:${community & 0xffff}`),
    ...largeCommunities.map((community) => `large:${community.join(":")}`),
    ...extendedCommunities.map(describeExtended),
  ];
  return parts.join(" ");
}

function describeExtended(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  if (view.getUint16(0) === 0x0004) return `bandwidth ${view.getFloat32(4)}`;
  return `0x${view.getBigUint64(0).toString(16).padStart(16, "0")}`;
}
