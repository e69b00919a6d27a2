import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOLD_TIME, type PeerPlan } from "../../../src/dev/lab/router-plan.ts";
import type { Family } from "../../../src/ip/family.ts";
import { ask, Daemon, privateFolder } from "./process.ts";
import {
  communityText,
  preferences,
  type CountingRouter,
  type PlacedRouter,
  type SeenRoute,
  type SeenSession,
  sorted,
} from "./router.ts";

/** GoBGP's number for Established. */
const ESTABLISHED = 6;
const AFI: Readonly<Record<Family, string>> = { IPv4: "ipv4", IPv6: "ipv6" };

/** GoBGP 3. */
export async function startGobgp(plan: PlacedRouter): Promise<CountingRouter> {
  const folder = privateFolder("gobgp");
  const [configuration, socket] = [join(folder.path, "gobgpd.conf"), `unix://${join(folder.path, "api.sock")}`];
  writeFileSync(configuration, bgpConfiguration(plan));
  const options = ["-f", configuration, "-t", "toml", "--api-hosts", socket, "--pprof-disable"];
  const daemon = new Daemon(plan.namespace, "gobgpd", options);
  const gobgp = (...words: readonly string[]): Promise<string> => ask("gobgp", "--target", socket, ...words);
  await daemon.ready(async () => {
    const known = JSON.parse(await gobgp("neighbor", "-j")) as readonly unknown[];
    if (known.length < plan.peers.length) throw new Error("not all neighbors are there yet");
  });
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    await daemon.end(signal);
    folder.remove();
  };
  return {
    product: "GoBGP",
    sessions: async () => parseSessions(await gobgp("neighbor", "-j"), daemon.output),
    taken: async () => parseTaken(await gobgp("neighbor", "-j")),
    // Without a session there is no table, and asking for it fails.
    routes: async (peer, family) =>
      parseRoutes(await gobgp("neighbor", peer, "adj-in", "-a", AFI[family], "-j").catch(() => "")),
    // It never asks a peer: `softresetin` looks again at what it has kept.
    refresh: undefined,
    // After its `reset` it stays idle for half a minute, whatever is configured.
    reset: async (peer) => {
      await gobgp("neighbor", peer, "disable");
      await gobgp("neighbor", peer, "enable");
    },
    freeze: () => daemon.signal("SIGSTOP"),
    thaw: () => daemon.signal("SIGCONT"),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

function bgpConfiguration({ asn, routerId, peers, ipv6NextHop }: PlacedRouter): string {
  const addresses = [...new Set(peers.map(({ local }) => local))];
  return [
    "[global.config]",
    `as = ${asn}`,
    `router-id = "${routerId}"`,
    "port = 179",
    `local-address-list = ${JSON.stringify(addresses)}`,
    ...(ipv6NextHop === undefined ? [] : nextHopPolicy(ipv6NextHop)),
    ...peers.flatMap((peer) => neighbor(asn, peer)),
    "",
  ].join("\n");
}

function nextHopPolicy(nextHop: string): string[] {
  return [
    "[global.apply-policy.config]",
    'export-policy-list = ["next-hop"]',
    'default-export-policy = "accept-route"',
    "[[policy-definitions]]",
    'name = "next-hop"',
    "[[policy-definitions.statements]]",
    'name = "ipv6"',
    "[policy-definitions.statements.conditions.bgp-conditions]",
    'afi-safi-in-list = ["ipv6-unicast"]',
    "[policy-definitions.statements.actions]",
    'route-disposition = "accept-route"',
    "[policy-definitions.statements.actions.bgp-actions]",
    `set-next-hop = "${nextHop}"`,
  ];
}

function neighbor(ownAsn: number, peer: PeerPlan): string[] {
  const { address, asn, local, localAsn = ownAsn, dials, password, gtsm, holdTime = HOLD_TIME } = peer;
  return [
    "[[neighbors]]",
    "[neighbors.config]",
    `neighbor-address = "${address}"`,
    `peer-as = ${asn}`,
    `local-as = ${localAsn}`,
    ...(password === undefined ? [] : [`auth-password = "${password}"`]),
    "[neighbors.transport.config]",
    `local-address = "${local}"`,
    `passive-mode = ${dials === undefined}`,
    ...(dials === undefined ? [] : [`remote-port = ${dials}`]),
    ...(gtsm === true ? ["[neighbors.ttl-security.config]", "enabled = true", "ttl-min = 255"] : []),
    "[neighbors.timers.config]",
    `hold-time = ${holdTime}`,
    `keepalive-interval = ${Math.floor(holdTime / 3)}`,
    "connect-retry = 1",
    "idle-hold-time-after-reset = 1",
    ...["ipv4-unicast", "ipv6-unicast"].flatMap((family) => [
      "[[neighbors.afi-safis]]",
      "[neighbors.afi-safis.config]",
      `afi-safi-name = "${family}"`,
    ]),
  ];
}

interface NeighborJson {
  readonly conf: { readonly neighbor_address: string };
  readonly state: { readonly session_state?: number };
  readonly afi_safis?: readonly { readonly state: { readonly accepted?: number | string } }[];
}

function parseTaken(text: string): ReadonlyMap<string, number> {
  const neighbors = JSON.parse(text) as readonly NeighborJson[];
  return new Map(
    neighbors.map(({ conf, afi_safis = [] }) => [
      conf.neighbor_address,
      afi_safis.reduce((sum, { state }) => sum + Number(state.accepted ?? 0), 0),
    ]),
  );
}

function parseSessions(text: string, log: string): ReadonlyMap<string, SeenSession> {
  const neighbors = JSON.parse(text) as readonly NeighborJson[];
  return new Map(
    neighbors.map(({ conf, state }) => {
      const address = conf.neighbor_address;
      const lastError = log
        .split("\n")
        .findLast((line) => line.includes(`"${address}"`) && /notification|Reason|reason/.test(line));
      const session = {
        established: state.session_state === ESTABLISHED,
        state: `session_state ${state.session_state ?? 0}`,
      };
      return [address, lastError === undefined ? session : { ...session, lastError }];
    }),
  );
}

interface AttributeJson {
  readonly type: number;
  readonly nexthop?: string;
  readonly metric?: number;
  readonly as_paths?: readonly { readonly asns: readonly number[] | null }[];
  readonly communities?: readonly number[];
  readonly value?: unknown;
}

interface ExtendedJson {
  readonly type: number;
  readonly subtype: number;
  readonly value?: string;
  readonly asn?: number;
  readonly bandwidth?: number;
}

interface LargeJson {
  readonly ASN: number;
  readonly LocalData1: number;
  readonly LocalData2: number;
}

interface PathJson {
  readonly nlri: { readonly prefix: string };
  readonly attrs: readonly AttributeJson[];
}

function parseRoutes(text: string): SeenRoute[] {
  if (text.trim() === "") return [];
  const table = JSON.parse(text) as Readonly<Record<string, readonly PathJson[]>>;
  return Object.values(table).flatMap((paths) => paths.map(routeOf));
}

function routeOf({ nlri, attrs }: PathJson): SeenRoute {
  const attribute = (type: number): AttributeJson | undefined => attrs.find((attr) => attr.type === type);
  const [med, localPref] = [attribute(4)?.metric, attribute(5)?.value as number | undefined];
  const large = (attribute(32)?.value ?? []) as readonly LargeJson[];
  const extended = (attribute(16)?.value ?? []) as readonly ExtendedJson[];
  return {
    prefix: nlri.prefix,
    nextHop: (attribute(14) ?? attribute(3))!.nexthop!,
    asPath: (attribute(2)?.as_paths ?? []).flatMap(({ asns }) => asns ?? []),
    ...preferences(localPref, med),
    communities: sorted((attribute(8)?.communities ?? []).map(communityText)),
    largeCommunities: sorted(large.map(({ ASN, LocalData1, LocalData2 }) => [ASN, LocalData1, LocalData2].join(":"))),
    extendedCommunities: sorted(extended.map(extendedOf)),
  };
}

function extendedOf({ type, subtype, value, asn, bandwidth }: ExtendedJson): string {
  if (type === 0 && subtype === 2) return `rt:${value}`;
  if (type === 0x40 && subtype === 4) return `lb:${asn}:${bandwidth}`;
  return JSON.stringify({ type, subtype, value });
}
