import { isDeepStrictEqual } from "node:util";
import type { PeerPlan } from "../../../src/dev/lab/router-plan.ts";
import type { Family } from "../../../src/ip/family.ts";
import type { AgentPeer, AgentRoute } from "../bgp-agent.ts";
import { BgpSpeaker } from "../bgp-speaker.ts";
import { TestNetwork } from "../netns.ts";
import { preferences, type Router, type SeenRoute, sorted, type StartRouter } from "./router.ts";

const ROUTER_ASN = 64_513;
const ROUTER_ID = "10.9.0.1";
/** The addresses of the speaker's interface that the kernel names first, which are no session's. */
const SPEAKER: Readonly<Record<Family, string>> = { IPv4: "10.9.1.0", IPv6: "fd09::1:0" };
const INTERFACE = "veth0";
const PORT = 179;

/** One session between the speaker and the router. */
export interface Pairing {
  readonly name: string;
  readonly transport: Family;
  /** Ours. Internal when it is the router's. */
  readonly asn: number;
  /** What the router calls itself; absent: ROUTER_ASN. */
  readonly routerAsn?: number;
  readonly dials: "speaker" | "router" | "both";
  readonly key?: string;
  readonly gtsm?: boolean;
  /** The speaker's BGP identifier; absent: one that is higher than the router's. */
  readonly routerId?: number;
  /** Seconds. */
  readonly holdTime?: number;
  readonly families?: readonly Family[];
  /** Between link-local addresses; at most one is. */
  readonly linkLocal?: true;
}

/** A router and a speaker on one link, with a pair of addresses for each session. */
export class RouterLab {
  readonly network = new TestNetwork();
  readonly pairings: readonly Pairing[];
  readonly #startRouter: StartRouter;
  readonly #namespaces: readonly [router: string, speaker: string];
  #router: Router | undefined;
  #speaker: BgpSpeaker | undefined;

  constructor(startRouter: StartRouter, pairings: readonly Pairing[]) {
    this.#startRouter = startRouter;
    this.pairings = pairings;
    const [router, speaker] = [this.network.namespace("router"), this.network.namespace("speaker")];
    this.#namespaces = [router, speaker];
    this.network.cable([router, INTERFACE], [speaker, INTERFACE]);
    this.network.address(speaker, INTERFACE, `${SPEAKER.IPv4}/16`);
    for (const pairing of pairings) {
      const bits = pairing.transport === "IPv4" ? 16 : 64;
      this.network.address(speaker, INTERFACE, `${this.addressOf(pairing.name)}/${bits}`);
      this.network.address(router, INTERFACE, `${this.#routerAddressOf(pairing.name)}/${bits}`);
    }
    // Of IPv4 the kernel names the oldest first, of IPv6 the newest.
    this.network.address(speaker, INTERFACE, `${SPEAKER.IPv6}/64`);
  }

  /** That of the speaker's interface. */
  get #linkLocal(): string {
    return /inet6 (fe80::\S+)\//.exec(this.network.ip(this.#namespaces[1], "addr", "show", "dev", INTERFACE))![1]!;
  }

  get router(): Router {
    return this.#router!;
  }

  get speaker(): BgpSpeaker {
    return this.#speaker!;
  }

  async start(): Promise<void> {
    await Promise.all([this.startRouter(), this.startSpeaker()]);
  }

  async startRouter(): Promise<void> {
    const peers = this.pairings.map((pairing) => this.#peerPlan(pairing));
    this.#router = await this.#startRouter({
      namespace: this.#namespaces[0],
      asn: ROUTER_ASN,
      routerId: ROUTER_ID,
      peers,
    });
  }

  async startSpeaker(): Promise<void> {
    this.#speaker = await BgpSpeaker.start(this.network, this.#namespaces[1]);
    this.speaker.putPeers(...this.pairings.map(({ name }) => this.agentPeer(name)));
  }

  async close(): Promise<void> {
    await this.#router?.stop();
    await this.#speaker?.kill();
    this.network.close();
  }

  /** The speaker's end of a session. */
  addressOf(name: string): string {
    return this.#address(name, 1);
  }

  pairing(name: string): Pairing {
    return this.pairings.find((pairing) => pairing.name === name)!;
  }

  /** The session as the speaker has it. */
  agentPeer(name: string): AgentPeer {
    const pairing = this.pairing(name);
    const { asn, routerAsn = ROUTER_ASN, dials, key, gtsm, routerId, holdTime, families, linkLocal } = pairing;
    return {
      name,
      remote: this.#routerAddressOf(name),
      ...(linkLocal === undefined ? {} : { zone: INTERFACE }),
      source: this.addressOf(name),
      asn,
      remoteAsn: routerAsn,
      passive: dials === "router",
      ...(key === undefined ? {} : { key }),
      ...(gtsm === undefined ? {} : { gtsm }),
      ...(routerId === undefined ? {} : { routerId }),
      ...(holdTime === undefined ? {} : { holdTime }),
      ...(families === undefined ? {} : { families }),
    };
  }

  /** Nothing passes between the router and this session's address any more, until the returned function is called. */
  cut(name: string): () => void {
    const address = this.addressOf(name);
    const family = this.pairing(name).transport === "IPv4" ? "ip" : "ip6";
    const table = `cut-${this.pairings.findIndex((pairing) => pairing.name === name)}`;
    return this.#drop(table, `${family} daddr ${address}`, `${family} saddr ${address}`);
  }

  /** The speaker's attempts to connect go nowhere until the returned function is called. */
  holdBack(): () => void {
    return this.#drop("held", undefined, "tcp flags & (syn | ack) == syn");
  }

  /** TCP connections are made, but nothing that is said on them arrives until the returned function is called. */
  mute(): () => void {
    return this.#drop("mute", "tcp flags & psh == psh", "tcp flags & psh == psh");
  }

  /** How many TCP connections with the router the speaker's kernel has. */
  get connections(): number {
    const { stdout } = this.network.exec(this.#namespaces[1], "ss", "-Htn", "state", "established");
    return stdout.split("\n").filter((line) => line.split(/\s+/).some((word) => word.endsWith(`:${PORT}`))).length;
  }

  /** Drops packets in the speaker's kernel until the returned function is called. */
  #drop(table: string, incoming: string | undefined, outgoing: string): () => void {
    const nft = (...words: readonly string[]): void => {
      const { code, stderr } = this.network.exec(this.#namespaces[1], "nft", ...words);
      if (code !== 0) throw new Error(stderr);
    };
    nft(
      `add table inet ${table}; ` +
        `add chain inet ${table} in { type filter hook input priority 0; }; ` +
        `add chain inet ${table} out { type filter hook output priority 0; }; ` +
        `add rule inet ${table} out ${outgoing} drop; ` +
        (incoming === undefined ? "" : `add rule inet ${table} in ${incoming} drop`),
    );
    return () => nft("delete", "table", "inet", table);
  }

  /** How a route looks to the router that came over this session as it is meant. */
  expected(name: string, route: AgentRoute): SeenRoute {
    const { asn, routerAsn = ROUTER_ASN } = this.pairing(name);
    const internal = asn === routerAsn;
    const { prefix, localPref = 100, med, prepend = 0, communities = [], largeCommunities = [] } = route;
    return {
      prefix,
      nextHop: this.#nextHop(name, prefix.includes(":") ? "IPv6" : "IPv4"),
      asPath: internal ? [] : Array.from({ length: 1 + prepend }, () => asn),
      ...preferences(internal ? localPref : undefined, med),
      communities: sorted(communities),
      largeCommunities: sorted(largeCommunities),
      extendedCommunities: sorted(extendedCommunities(route, asn)),
    };
  }

  #nextHop(name: string, family: Family): string {
    if (family === "IPv6" && this.router.showsLinkLocal === true) return this.#linkLocal;
    const { transport, linkLocal } = this.pairing(name);
    return family === transport && linkLocal === undefined ? this.addressOf(name) : SPEAKER[family];
  }

  /** What the router has from the session, in the order of prefixes. */
  async seen(name: string): Promise<SeenRoute[]> {
    const address = this.addressOf(name);
    const both = await Promise.all((["IPv4", "IPv6"] as const).map((family) => this.router.routes(address, family)));
    return both.flat().toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
  }

  /** Waits until the router has exactly these routes from the session; returns what it has in the end. */
  async settled(
    name: string,
    routes: readonly AgentRoute[],
    within = 8000,
  ): Promise<[seen: SeenRoute[], meant: SeenRoute[]]> {
    const meant = routes.map((route) => this.expected(name, route)).toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
    let seen = await this.seen(name);
    for (const end = Date.now() + within; Date.now() < end && !isDeepStrictEqual(seen, meant);) {
      await pause(50);
      seen = await this.seen(name);
    }
    return [seen, meant];
  }

  /** Waits until both sides say that the sessions stand. Fails with what they say instead. */
  async established(names: readonly string[] = this.pairings.map(({ name }) => name), within = 10_000): Promise<void> {
    await eventually(within, async () => {
      const [sessions, { sessions: ours }] = await Promise.all([this.router.sessions(), this.speaker.report()]);
      const missing = names.filter(
        (name) => sessions.get(this.addressOf(name))?.established !== true || ours[name]?.state !== "Established",
      );
      if (missing.length === 0) return;
      const said = missing.map((name) => ({ name, theirs: sessions.get(this.addressOf(name)), ours: ours[name] }));
      throw new Error(`not established: ${JSON.stringify(said, undefined, 1)}`);
    });
  }

  /** The kernel has one key for an address, so that each session needs its own there, too. */
  #routerAddressOf(name: string): string {
    return this.#address(name, 0);
  }

  #address(name: string, host: 0 | 1): string {
    const index = this.pairings.findIndex((pairing) => pairing.name === name) + 1;
    if (this.pairing(name).linkLocal === true) return `fe80::9:${host}`;
    if (this.pairing(name).transport === "IPv4") return `10.9.${host}.${index}`;
    // As RFC 5952 wants it: GoBGP compares texts.
    return `fd09::${host === 0 ? "" : `${host}:`}${index.toString(16)}`;
  }

  #peerPlan({ name, asn, routerAsn, dials, key, gtsm, holdTime, linkLocal }: Pairing): PeerPlan {
    return {
      address: this.addressOf(name),
      local: this.#routerAddressOf(name),
      asn,
      ...(linkLocal === undefined ? {} : { zone: INTERFACE }),
      ...(routerAsn === undefined ? {} : { localAsn: routerAsn }),
      ...(dials === "speaker" ? {} : { dials: PORT }),
      ...(key === undefined ? {} : { password: key }),
      ...(gtsm === undefined ? {} : { gtsm }),
      ...(holdTime === undefined ? {} : { holdTime }),
    };
  }
}

/** Tries until it does not throw any more, and gives up with the last error. */
export async function eventually<T>(within: number, attempt: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + within; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await pause(50);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** A community has room for two bytes of AS number; others are AS_TRANS in it. */
function extendedCommunities({ routeTargets = [], linkBandwidth }: AgentRoute, asn: number): readonly string[] {
  if (linkBandwidth === undefined) return routeTargets;
  return [...routeTargets, `lb:${asn > 0xffff ? 23_456 : asn}:${linkBandwidth}`];
}
