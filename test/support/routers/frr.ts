import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { frrInstance } from "../../../src/dev/lab/frr.ts";
import type { Family } from "../../../src/ip/family.ts";
import { toolPath } from "../requirements.ts";
import { ask, Daemon } from "./process.ts";
import {
  preferences,
  type CountingRouter,
  type PlacedRouter,
  type SeenRoute,
  type SeenSession,
  sorted,
} from "./router.ts";

const AFI: Readonly<Record<Family, string>> = { IPv4: "ipv4", IPv6: "ipv6" };

/** Words that FRR has for well-known communities. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  noExport: "65535:65281",
  noAdvertise: "65535:65282",
  localAs: "65535:65283",
  noPeer: "65535:65284",
  gracefulShutdown: "65535:0",
  blackhole: "65535:666",
};

let instances = 0;

/** FRR's zebra and bgpd. */
export async function startFrr({ namespace, tableOnly, ...plan }: PlacedRouter): Promise<CountingRouter> {
  const programs = dirname(toolPath("bgpd")!);
  const instance = frrInstance(`metallb${process.pid}n${instances++}`, programs, plan);
  execFileSync("sh", ["-ec", instance.prepare.join("\n")]);
  const vty = (...commands: readonly string[]): Promise<string> => {
    const [program, ...args] = instance.vtysh(...commands);
    return ask(program!, ...args);
  };
  const daemons: Daemon[] = [];
  for (const { name, command, ready } of instance.daemons) {
    const [program, ...args] = command;
    if (tableOnly === true && name === "bgpd") args.push("--no_kernel");
    const daemon = new Daemon(namespace, program!, args);
    daemons.push(daemon);
    await daemon.ready(async () => JSON.parse(await vty(ready)) as unknown);
  }
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    for (const daemon of daemons.toReversed()) await daemon.end(signal);
    for (const folder of instance.folders) rmSync(folder, { recursive: true, force: true });
  };
  return {
    product: "FRR",
    sessions: async () => parseSessions(await vty("show bgp neighbors json")),
    taken: async () => parseTaken(await vty("show bgp summary json")),
    routes: (peer, family) => routesOf(vty, peer, family),
    refresh: async (peer, family) => void (await vty(`clear bgp ${AFI[family]} ${peer} soft in`)),
    reset: async (peer) => void (await vty(`clear bgp ${peer}`)),
    freeze: () => daemons[1]!.signal("SIGSTOP"),
    thaw: () => daemons[1]!.signal("SIGCONT"),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

interface NeighborJson {
  readonly bgpState: string;
  readonly lastResetDueTo?: string;
  readonly lastNotificationReason?: string;
  readonly lastShutdownDescription?: string;
}

function parseSessions(text: string): ReadonlyMap<string, SeenSession> {
  const neighbors = Object.entries(JSON.parse(text) as Record<string, NeighborJson>);
  return new Map(
    neighbors
      .filter(([, { bgpState }]) => bgpState !== undefined)
      .map(([address, neighbor]) => [
        address,
        {
          established: neighbor.bgpState === "Established",
          state: neighbor.bgpState,
          lastError: [neighbor.lastResetDueTo, neighbor.lastNotificationReason, neighbor.lastShutdownDescription]
            .filter((reason) => reason !== undefined)
            .join("; "),
        },
      ]),
  );
}

interface SummaryJson {
  readonly peers?: Readonly<Record<string, { readonly pfxRcd?: number }>>;
}

/** Of each family. */
function parseTaken(text: string): ReadonlyMap<string, number> {
  const taken = new Map<string, number>();
  for (const { peers = {} } of Object.values(JSON.parse(text) as Readonly<Record<string, SummaryJson>>)) {
    for (const [address, { pfxRcd = 0 }] of Object.entries(peers))
      taken.set(address, (taken.get(address) ?? 0) + pfxRcd);
  }
  return taken;
}

interface PathJson {
  readonly aspath: { readonly segments: readonly { readonly list: readonly number[] }[] };
  readonly metric?: number;
  readonly locPrf?: number;
  readonly community?: { readonly list: readonly string[] };
  readonly largeCommunity?: { readonly list: readonly string[] };
  readonly extendedCommunity?: { readonly string: string };
  readonly nexthops: readonly { readonly ip: string; readonly scope?: string }[];
  readonly peer: { readonly peerId: string };
}

interface PrefixJson {
  readonly prefix: string;
  /** Absent when it is gone since the list was made. */
  readonly paths?: readonly PathJson[];
}

/** The list of routes has no communities: each is asked for. */
async function routesOf(
  vty: (...commands: readonly string[]) => Promise<string>,
  peer: string,
  family: Family,
): Promise<readonly SeenRoute[]> {
  const list = await vty(`show bgp ${AFI[family]} unicast neighbors ${peer} routes json`);
  const { routes = {} } = JSON.parse(list) as { readonly routes?: Readonly<Record<string, unknown>> };
  const prefixes = Object.keys(routes);
  if (prefixes.length === 0) return [];
  const text = await vty(...prefixes.map((prefix) => `show bgp ${AFI[family]} unicast ${prefix} json`));
  return text
    .split(/(?<=^})\n/m)
    .filter((document) => document.trim() !== "")
    .map((document) => JSON.parse(document) as PrefixJson)
    .flatMap(({ prefix, paths = [] }) =>
      paths.filter((path) => path.peer.peerId === peer).map((path) => routeOf(prefix, path)),
    );
}

function routeOf(prefix: string, path: PathJson): SeenRoute {
  const { metric, locPrf, community, largeCommunity, extendedCommunity, nexthops } = path;
  const extended = extendedCommunity?.string ?? "";
  return {
    prefix,
    nextHop: (nexthops.find(({ scope }) => scope !== "link-local") ?? nexthops[0]!).ip,
    asPath: path.aspath.segments.flatMap(({ list }) => list),
    ...preferences(locPrf, metric),
    communities: sorted((community?.list ?? []).map((name) => WELL_KNOWN[name] ?? name)),
    largeCommunities: sorted(largeCommunity?.list ?? []),
    extendedCommunities: sorted(
      [...extended.matchAll(/(RT|LB):(\d+:\d+)/g)].map(([, type, value]) => `${type!.toLowerCase()}:${value}`),
    ),
  };
}
