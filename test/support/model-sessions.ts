import type { PathAttributes } from "../../src/bgp/path-attributes.ts";
import { PeerRib } from "../../src/bgp/rib/peer-rib.ts";
import type { RibSession } from "../../src/bgp/rib/renderer.ts";
import type { BgpPeer } from "../../src/config/model.ts";
import { familyOf, formatAddress } from "../../src/ip/address.ts";
import type { BgpSessions } from "../../src/speaker/bgp/bgp-speaker.ts";
import type { PeerReport } from "../../src/speaker/bgp/peer-manager.ts";
import type { SessionPlan } from "../../src/speaker/bgp/session-driver.ts";
import { SessionPlans } from "../../src/speaker/bgp/session-plans.ts";
import { DUAL_SESSION, ModelPeer } from "./bgp-routes.ts";
import { sessionSnapshot } from "./session-snapshot.ts";

interface Session {
  readonly rib: PeerRib;
  readonly model: ModelPeer;
  readonly terms: RibSession;
  /** Undefined for a peer without an address. */
  readonly plan: SessionPlan | undefined;
}

/** Sessions that are always up, with peers that believe what they are told. */
export class ModelSessions implements BgpSessions {
  readonly #sessions = new Map<string, Session>();
  readonly #plans = new SessionPlans(0x0a00_0001);
  readonly #listeners: ((peer: string) => void)[] = [];
  stopped = false;

  setPeers(peers: readonly BgpPeer[]): void {
    const names = new Set(peers.map(({ name }) => name));
    for (const name of this.#sessions.keys()) {
      if (names.has(name)) continue;
      this.#sessions.delete(name);
      this.#tell(name);
    }
    for (const peer of peers) {
      const terms = termsOf(peer);
      const known = this.#sessions.get(peer.name);
      if (known !== undefined && textOf(known.terms) === textOf(terms)) continue;
      const plan = this.#plans.make([peer])[0];
      const session = { rib: known?.rib ?? new PeerRib(), model: new ModelPeer(), terms, plan };
      this.#sessions.set(peer.name, session);
      session.rib.establish(terms);
      session.model.receive(session.rib.take());
      this.#tell(peer.name);
    }
  }

  #tell(peer: string): void {
    for (const listener of this.#listeners) listener(peer);
  }

  changeRoutes(peer: string, change: (rib: PeerRib) => void): void {
    const session = this.#sessions.get(peer);
    if (session === undefined) return;
    change(session.rib);
    session.model.receive(session.rib.take());
  }

  onChange(listener: (peer: string) => void): void {
    this.#listeners.push(listener);
  }

  report(peer: string): PeerReport | undefined {
    const { plan, rib } = this.#sessions.get(peer) ?? {};
    if (plan === undefined || rib === undefined) return undefined;
    return { plan, session: sessionSnapshot({ state: "Established" }), rib };
  }

  reports(): readonly (readonly [string, PeerReport])[] {
    return [...this.#sessions.keys()].flatMap((peer) => {
      const report = this.report(peer);
      return report === undefined ? [] : [[peer, report] as const];
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.resolve();
  }

  peers(): readonly string[] {
    return [...this.#sessions.keys()].sort();
  }

  /** What a peer has, by prefix. */
  told(peer: string): Readonly<Record<string, string>> {
    const { model, terms } = this.#sessions.get(peer)!;
    const routes = [...model.table].map(([prefix, { attributes }]) => [prefix, describe(attributes, terms)] as const);
    return Object.fromEntries(routes.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Next hop of each route that a peer has. */
  nextHops(peer: string): Readonly<Record<string, string>> {
    const { model } = this.#sessions.get(peer)!;
    return Object.fromEntries([...model.table].map(([prefix, { nextHop }]) => [prefix, formatAddress(nextHop)]));
  }

  /** How often a peer was told of any route so far. */
  heard(peer: string): number {
    return this.#sessions.get(peer)!.model.heard;
  }

  counts(peer: string) {
    return this.#sessions.get(peer)!.rib.counts();
  }
}

function termsOf(peer: BgpPeer): RibSession {
  const asn = peer.localAsn ?? peer.myAsn;
  const internal = peer.remoteAs.is === "number" ? peer.remoteAs.asn === asn : peer.remoteAs.is === "internal";
  const [ipv4, ipv6, linkLocal] = DUAL_SESSION.addresses.ofInterface;
  const unnumbered = peer.endpoint.is === "interface";
  const family = peer.endpoint.is === "interface" ? "IPv6" : familyOf(peer.endpoint.address);
  const local = unnumbered ? linkLocal! : family === "IPv6" ? ipv6! : ipv4!;
  const families = peer.dualStack || unnumbered ? (["IPv4", "IPv6"] as const) : [family];
  return { internal, asn, families, extendedNextHop: unnumbered, addresses: { ...DUAL_SESSION.addresses, local } };
}

function textOf(session: RibSession): string {
  return JSON.stringify({ ...session, addresses: formatAddress(session.addresses.local) });
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
