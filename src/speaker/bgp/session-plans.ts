import { SESSION_DEFAULTS, type SessionConfig } from "../../bgp/session/config.ts";
import type { BgpPeer, PeerEndpoint } from "../../config/model.ts";
import { familyOf, type IpAddress } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";
import type { ConnectOptions } from "../../ports/streams.ts";
import type { SessionPlan } from "./session-driver.ts";

type AddressEndpoint = Extract<PeerEndpoint, { readonly is: "address" }>;

/** TTL of packets that nobody has forwarded (RFC 5082 §3). */
const NEVER_FORWARDED = 255;

/** Makes of BGPPeers the sessions of this node. Remembers keys, to tell when one has changed. */
export class SessionPlans {
  readonly #defaultRouterId: number;
  readonly #keys = new Map<string, { readonly key: string; readonly version: number }>();
  #version = 0;

  /** `defaultRouterId`: our BGP identifier where none is configured, unsigned 32 bits, not 0. */
  constructor(defaultRouterId: number) {
    this.#defaultRouterId = defaultRouterId;
  }

  /** Peers that are only known by an interface have no session. */
  make(peers: readonly BgpPeer[]): readonly SessionPlan[] {
    return peers.flatMap((peer) => (peer.endpoint.is === "address" ? [this.#plan(peer, peer.endpoint)] : []));
  }

  #plan(peer: BgpPeer, { address, zone }: AddressEndpoint): SessionPlan {
    return {
      name: peer.name,
      config: this.#config(peer, { address, zone, is: "address" }),
      remote: { address, port: peer.port, ...(zone === undefined ? {} : { zone }) },
      connect: connectOptions(peer),
    };
  }

  #config(peer: BgpPeer, { address, zone }: AddressEndpoint): SessionConfig {
    const { localAsn = peer.myAsn, timers, routerId, dualStack } = peer;
    return {
      localAsn,
      remoteAs: peer.remoteAs,
      routerId: routerId === undefined ? this.#defaultRouterId : routerIdOf(routerId),
      families: dualStack ? BOTH : [familyOf(address)],
      extendedNextHop: dualStack ? ["IPv4"] : [],
      holdTime: timers?.holdTime ?? SESSION_DEFAULTS.holdTime,
      keepaliveTime: timers?.keepaliveTime ?? SESSION_DEFAULTS.keepaliveTime,
      connectTime: peer.connectTime ?? SESSION_DEFAULTS.connectTime,
      passive: peer.passive,
      delayOpenTime: SESSION_DEFAULTS.delayOpenTime,
      maxPrefixes: peer.maxPrefixes ?? SESSION_DEFAULTS.maxPrefixes,
      gracefulRestart: undefined,
      transport: {
        remote: address,
        zone,
        port: peer.port,
        source: peer.sourceAddress,
        vrf: peer.vrf,
        multiHop: peer.ebgpMultiHop,
        ttlSecurity: peer.ttlSecurity,
        keyVersion: this.#keyVersion(peer),
      },
    };
  }

  /** Another number for another key. */
  #keyVersion({ name, password }: BgpPeer): number | undefined {
    if (password === undefined) return undefined;
    const known = this.#keys.get(name);
    if (known?.key === password) return known.version;
    this.#version++;
    this.#keys.set(name, { key: password, version: this.#version });
    return this.#version;
  }
}

const BOTH: readonly Family[] = ["IPv4", "IPv6"];

/** An IPv4 address as an unsigned number of 32 bits. */
export function routerIdOf(address: IpAddress): number {
  return Number(address & 0xffff_ffffn);
}

/** Without TTL security the kernel's TTL counts, so that external peers several hops away are reached as well. */
function connectOptions({ sourceAddress, vrf, password, ttlSecurity }: BgpPeer): ConnectOptions {
  return {
    ...(sourceAddress === undefined ? {} : { source: sourceAddress }),
    ...(vrf === undefined ? {} : { device: vrf }),
    ...(password === undefined ? {} : { key: password }),
    ...(ttlSecurity ? { ttl: NEVER_FORWARDED, minTtl: NEVER_FORWARDED } : {}),
  };
}
