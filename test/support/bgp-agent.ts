/**
 * The sessions of one node as a process, to be started in a network namespace: the real manager on real sockets. Commands
 * come in and events go out as lines of JSON.
 */
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import type { FamilyCounts } from "../../src/bgp/rib/rib-counts.ts";
import type { Route } from "../../src/bgp/rib/route.ts";
import { SESSION_DEFAULTS } from "../../src/bgp/session/config.ts";
import type { SessionState } from "../../src/bgp/session/session-state.ts";
import { parseAddress } from "../../src/ip/address.ts";
import type { Family } from "../../src/ip/family.ts";
import { parsePrefix } from "../../src/ip/prefix.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { createLinks } from "../../src/platform/link-monitor.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import { tcpStreams } from "../../src/platform/tcp.ts";
import type { Link } from "../../src/ports/links.ts";
import type { Log, LogFields } from "../../src/ports/log.ts";
import { PeerManager } from "../../src/speaker/bgp/peer-manager.ts";
import type { SessionPlan } from "../../src/speaker/bgp/session-driver.ts";

/** A peer as tests write it. */
export interface AgentPeer {
  readonly name: string;
  readonly remote: string;
  readonly zone?: string;
  readonly source?: string;
  readonly asn: number;
  readonly remoteAsn: number;
  /** Waits to be dialled. */
  readonly passive?: boolean;
  readonly key?: string;
  readonly gtsm?: boolean;
  /** Our BGP identifier; absent: one that is higher than the routers'. */
  readonly routerId?: number;
  /** Seconds; absent: 9. */
  readonly holdTime?: number;
  /** Absent: both. */
  readonly families?: readonly Family[];
}

/** A route as tests write it. */
export interface AgentRoute {
  readonly prefix: string;
  readonly localPref?: number;
  readonly med?: number;
  readonly prepend?: number;
  /** "64512:1" */
  readonly communities?: readonly string[];
  /** "64512:1:2" */
  readonly largeCommunities?: readonly string[];
  /** "rt:64512:7" */
  readonly routeTargets?: readonly string[];
  readonly linkBandwidth?: number;
}

export type AgentCommand =
  | { readonly do: "peers"; readonly peers: readonly AgentPeer[] }
  | { readonly do: "routes"; readonly peer: string; readonly routes: readonly AgentRoute[] }
  | { readonly do: "report" }
  | { readonly do: "stop" };

export interface AgentSession {
  readonly state: SessionState;
  readonly timesEstablished: number;
  /** Code and text of what last ended a connection. */
  readonly lastEnd?: string;
  readonly updatesSent: number;
  readonly refreshesReceived: number;
  readonly counts: Readonly<Record<Family, FamilyCounts>>;
}

export type AgentEvent =
  | { readonly on: "ready" | "stopped" }
  | { readonly on: "log"; readonly peer?: string; readonly level: string; readonly message: string }
  | {
      readonly on: "report";
      readonly sessions: Readonly<Record<string, AgentSession>>;
      readonly descriptors: number;
      readonly heapBytes: number;
    };

const ROUTER_ID = 0x0a09_00fe;
const PORT = 179;

if (process.argv[1] === import.meta.filename) runAgent();

function runAgent(): void {
  const emit = (event: AgentEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  let links: readonly Link[] | undefined;
  const watch = createLinks().watch(
    (known) => {
      if (links === undefined) emit({ on: "ready" });
      links = known;
    },
    (error) => emit({ on: "log", level: "error", message: error.message }),
  );
  const manager = new PeerManager(
    { port: PORT, onlyIfNeeded: true },
    {
      clock: systemClock,
      random: systemRandom,
      streams: tcpStreams,
      log: logTo(emit),
      links: () => links ?? [],
      onChange: () => {},
    },
  );
  const commands = createInterface({ input: process.stdin });
  commands.on("line", (line) => {
    const command = JSON.parse(line) as AgentCommand;
    if (command.do === "peers") manager.setPeers(command.peers.map(planOf));
    if (command.do === "routes") manager.setRoutes(command.peer, command.routes.map(routeOf));
    if (command.do === "report") emit(report(manager));
    if (command.do === "stop") {
      void manager.stop().then(() => {
        emit({ on: "stopped" });
        watch.close();
        commands.close();
        process.stdin.destroy();
      });
    }
  });
}

function logTo(emit: (event: AgentEvent) => void, fields: LogFields = {}): Log {
  const { peer } = fields as { readonly peer?: string };
  const write = (level: string) => (_: LogFields, message: string) =>
    emit({ on: "log", level, message, ...(peer === undefined ? {} : { peer }) });
  return {
    debug: () => {},
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (more) => logTo(emit, { ...fields, ...more }),
  };
}

function report(manager: PeerManager): AgentEvent {
  globalThis.gc?.();
  const sessions = manager.peers.map((name) => {
    const { session, rib } = manager.report(name)!;
    const { state, timesEstablished, lastEnd, sent, received } = session;
    return [
      name,
      {
        state,
        timesEstablished,
        ...(lastEnd === undefined ? {} : { lastEnd: `${lastEnd.reason.code}: ${lastEnd.reason.text}` }),
        updatesSent: sent.update,
        refreshesReceived: received["route-refresh"],
        counts: rib.counts(),
      },
    ] as const;
  });
  return {
    on: "report",
    sessions: Object.fromEntries(sessions),
    descriptors: readdirSync("/proc/self/fd").length,
    heapBytes: process.memoryUsage().heapUsed,
  };
}

const keyVersions = new Map<string, number>();

function keyVersionOf(key: string | undefined): number | undefined {
  if (key === undefined) return undefined;
  const version = keyVersions.get(key) ?? keyVersions.size;
  keyVersions.set(key, version);
  return version;
}

function planOf(peer: AgentPeer): SessionPlan {
  const { name, zone, key, gtsm = false, passive = false, holdTime = 9, families = ["IPv4", "IPv6"] } = peer;
  const { routerId = ROUTER_ID } = peer;
  const remote = parseAddress(peer.remote)!;
  const source = peer.source === undefined ? undefined : parseAddress(peer.source)!;
  return {
    name,
    remote: { address: remote, port: PORT, ...(zone === undefined ? {} : { zone }) },
    connect: {
      ...(source === undefined ? {} : { source }),
      ...(key === undefined ? {} : { key }),
      ...(gtsm ? { ttl: 255, minTtl: 255 } : {}),
    },
    config: {
      ...SESSION_DEFAULTS,
      localAsn: peer.asn,
      remoteAs: { is: "number", asn: peer.remoteAsn },
      routerId,
      families,
      extendedNextHop: [],
      holdTime: seconds(holdTime),
      keepaliveTime: millis(0),
      connectTime: seconds(2),
      passive,
      gracefulRestart: undefined,
      transport: {
        remote,
        zone,
        port: PORT,
        source,
        vrf: undefined,
        multiHop: false,
        ttlSecurity: gtsm,
        keyVersion: keyVersionOf(key),
      },
    },
  };
}

function routeOf(route: AgentRoute): Route {
  const { prefix, localPref, med, prepend = 0, communities = [], largeCommunities = [], routeTargets = [] } = route;
  const numbers = (text: string): number[] => text.split(":").map(Number);
  return {
    prefix: parsePrefix(prefix)!,
    attributes: {
      localPref,
      med,
      prepend,
      communities: communities.map((text) => {
        const [high, low] = numbers(text) as [number, number];
        return high * 65_536 + low;
      }),
      largeCommunities: largeCommunities.map((text) => numbers(text) as [number, number, number]),
      extendedCommunities: routeTargets.map((text) => {
        const [asn, value] = numbers(text.slice("rt:".length)) as [number, number];
        return (0x0002n << 48n) | (BigInt(asn) << 32n) | BigInt(value);
      }),
      linkBandwidth: route.linkBandwidth,
    },
  };
}
