import type { Route } from "../../src/bgp/rib/route.ts";
import { NO_ATTRIBUTES } from "./bgp-routes.ts";
import { sessionConfig } from "./bgp-session-config.ts";
import type { SessionConfig } from "../../src/bgp/session/config.ts";
import type { SessionSnapshot } from "../../src/bgp/session/session-record.ts";
import { type IpAddress, parseAddress } from "../../src/ip/address.ts";
import { parsePrefix } from "../../src/ip/prefix.ts";
import { type Millis, seconds } from "../../src/lib/duration.ts";
import type { ConnectOptions } from "../../src/ports/streams.ts";
import { type ListenPlan, PeerManager } from "../../src/speaker/bgp/peer-manager.ts";
import type { SessionPlan } from "../../src/speaker/bgp/session-driver.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryInternet } from "./memory-internet.ts";
import { RecordingLog } from "./recording-log.ts";
import { settle } from "./settle.ts";

const PORT = 179;

/** A host with sessions. */
export interface BgpHost {
  readonly address: IpAddress;
  readonly asn: number;
  readonly manager: PeerManager;
  readonly log: RecordingLog;
}

export interface PeerSettings {
  readonly name?: string;
  readonly passive?: boolean;
  readonly config?: Partial<SessionConfig>;
  readonly connect?: ConnectOptions;
}

/** Hosts with managers on one network in memory, and the time in which they live. */
export class BgpNetwork {
  readonly clock: ManualClock;
  readonly internet: MemoryInternet;
  #hosts = 0;

  constructor(clock = new ManualClock()) {
    this.clock = clock;
    this.internet = new MemoryInternet(clock);
  }

  /** `address` is the host's only one; its AS number is 64511 and up. */
  host(address: string, listen: ListenPlan | "nowhere" = { port: PORT, onlyIfNeeded: false }): BgpHost {
    const own = parseAddress(address)!;
    const asn = 64_511 + this.#hosts++;
    const log = new RecordingLog();
    const manager = new PeerManager(listen === "nowhere" ? undefined : listen, {
      clock: this.clock,
      // Jitter is a quarter: timers last as long as they are said to.
      random: { next: () => 0.999 },
      streams: this.internet.host(own).streams,
      log,
      links: () => [],
      onChange: () => {},
    });
    return { address: own, asn, manager, log };
  }

  /** The session with `other` as `own` has it. */
  plan(
    own: BgpHost,
    other: BgpHost,
    { name = "peer", passive = false, config, connect }: PeerSettings = {},
  ): SessionPlan {
    const base = sessionConfig();
    return {
      name,
      remote: { address: other.address, port: PORT },
      connect: connect ?? {},
      config: {
        ...base,
        localAsn: own.asn,
        remoteAs: { is: "number", asn: other.asn },
        routerId: own.asn,
        passive,
        ...config,
        transport: { ...base.transport, remote: other.address, ...config?.transport },
      },
    };
  }

  /** Lets everything run that needs no time, then the time pass in steps of a second. */
  async pass(time: Millis): Promise<void> {
    await settle();
    for (let left = time / 1000; left > 0; left--) {
      this.clock.advance(seconds(Math.min(1, left)));
      await settle(8);
    }
  }
}

export function sessionOf({ manager }: BgpHost, peer = "peer"): SessionSnapshot {
  return manager.report(peer)!.session;
}

export function stateOf(host: BgpHost, peer = "peer"): string {
  return sessionOf(host, peer).state;
}

/** `count` host routes of a block, all with the same attributes. */
export function hostRoutes(block: number, count: number): Route[] {
  return Array.from({ length: count }, (_, i) => ({
    prefix: parsePrefix(`10.${block + (i >> 16)}.${(i >> 8) & 0xff}.${i & 0xff}/32`)!,
    attributes: NO_ATTRIBUTES,
  }));
}

/** The same routes, all with this MED. */
export function withMed(routes: readonly Route[], med: number): Route[] {
  const attributes = { ...NO_ATTRIBUTES, med };
  return routes.map(({ prefix }) => ({ prefix, attributes }));
}
