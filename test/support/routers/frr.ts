import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Family } from "../../../src/ip/family.ts";
import { ask, Daemon } from "./process.ts";
import {
  HOLD_TIME,
  type PeerPlan,
  preferences,
  type Router,
  type RouterPlan,
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
export async function startFrr(plan: RouterPlan): Promise<Router> {
  const space = `metallb${process.pid}n${instances++}`;
  const folders = [`/etc/frr/${space}`, `/var/run/frr/${space}`];
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    execFileSync("chown", ["frr:frr", folder]);
  }
  const configure = (daemon: string, text: string): string => {
    const path = join(folders[0]!, `${daemon}.conf`);
    writeFileSync(path, text);
    chmodSync(path, 0o644);
    return path;
  };
  configure("vtysh", "");
  const zebra = configure("zebra", "hostname zebra\n");
  const bgpd = configure("bgpd", bgpConfiguration(plan));
  const vty = (...commands: readonly string[]): Promise<string> =>
    ask("vtysh", "-N", space, ...commands.flatMap((command) => ["-c", command]));
  // Debian's integrated configuration makes daemons skip their own unless it is named.
  const start = (daemon: string, path: string): Daemon =>
    new Daemon(plan.namespace, daemon, ["-N", space, "-A", "127.0.0.1", "-f", path]);
  const daemons = [start("zebra", zebra)];
  await daemons[0]!.ready(() => vty("show zebra client summary"));
  daemons.push(start("bgpd", bgpd));
  await daemons[1]!.ready(async () => JSON.parse(await vty("show bgp summary json")) as unknown);
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    for (const daemon of daemons.toReversed()) await daemon.end(signal);
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  };
  return {
    product: "FRR",
    sessions: async () => parseSessions(await vty("show bgp neighbors json")),
    routes: (peer, family) => routesOf(vty, peer, family),
    refresh: async (peer, family) => void (await vty(`clear bgp ${AFI[family]} ${peer} soft in`)),
    reset: async (peer) => void (await vty(`clear bgp ${peer}`)),
    freeze: () => daemons[1]!.signal("SIGSTOP"),
    thaw: () => daemons[1]!.signal("SIGCONT"),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

function bgpConfiguration({ asn, routerId, peers }: RouterPlan): string {
  return [
    "hostname router",
    `router bgp ${asn}`,
    ` bgp router-id ${routerId}`,
    " no bgp ebgp-requires-policy",
    " no bgp default ipv4-unicast",
    " no bgp hard-administrative-reset",
    ...peers.flatMap((peer) => neighbor(asn, peer)),
    ...["ipv4", "ipv6"].flatMap((afi) => [
      ` address-family ${afi} unicast`,
      ...peers.map(({ address }) => `  neighbor ${address} activate`),
      " exit-address-family",
    ]),
    "",
  ].join("\n");
}

function neighbor(ownAsn: number, peer: PeerPlan): string[] {
  const { address, asn, local, localAsn = ownAsn, dials, password, gtsm, zone, holdTime = HOLD_TIME } = peer;
  const lines = [
    `remote-as ${asn}`,
    ...(zone === undefined ? [] : [`interface ${zone}`]),
    `update-source ${local}`,
    `timers ${Math.floor(holdTime / 3)} ${holdTime}`,
    "timers connect 1",
    "advertisement-interval 0",
    ...(localAsn === ownAsn ? [] : [`local-as ${localAsn} no-prepend replace-as`]),
    dials === undefined ? "passive" : `port ${dials}`,
    ...(password === undefined ? [] : [`password ${password}`]),
    ...(gtsm === true ? ["ttl-security hops 1"] : []),
  ];
  return lines.map((line) => ` neighbor ${address} ${line}`);
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
