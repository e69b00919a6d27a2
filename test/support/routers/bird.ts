import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOLD_TIME, type PeerPlan } from "../../../src/dev/lab/router-plan.ts";
import type { Family } from "../../../src/ip/family.ts";
import { ask, Daemon, privateFolder } from "./process.ts";
import {
  type CountingRouter,
  extendedText,
  preferences,
  type PlacedRouter,
  type SeenRoute,
  type SeenSession,
  sorted,
} from "./router.ts";

const TABLE: Readonly<Record<Family, string>> = { IPv4: "master4", IPv6: "master6" };

/** BIRD 2. */
export async function startBird(plan: PlacedRouter): Promise<CountingRouter> {
  const folder = privateFolder("bird");
  const [configuration, socket] = [join(folder.path, "bird.conf"), join(folder.path, "bird.ctl")];
  writeFileSync(configuration, bgpConfiguration(plan));
  const daemon = new Daemon(plan.namespace, "bird", ["-f", "-c", configuration, "-s", socket, "-P", `${socket}.pid`]);
  const birdc = (...words: readonly string[]): Promise<string> => ask("birdc", "-s", socket, ...words);
  await daemon.ready(() => birdc("show", "status"));
  const names = new Map(plan.peers.map(({ address }, i) => [address, protocolName(i)]));
  const isInternal = (peer: string): boolean =>
    plan.peers.some(({ address, asn, localAsn = plan.asn }) => address === peer && asn === localAsn);
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    await daemon.end(signal);
    folder.remove();
  };
  return {
    product: "BIRD",
    sessions: async () => parseSessions(await birdc("show", "protocols", "all")),
    taken: async () => parseTaken(await birdc("show", "protocols", "all")),
    routes: async (peer, family) =>
      parseRoutes(
        await birdc("show", "route", "protocol", names.get(peer)!, "table", TABLE[family], "all"),
        isInternal(peer),
      ),
    refresh: async (peer) => void (await birdc("reload", "in", names.get(peer)!)),
    reset: async (peer) => void (await birdc("restart", names.get(peer)!)),
    freeze: () => daemon.signal("SIGSTOP"),
    thaw: () => daemon.signal("SIGCONT"),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

function protocolName(index: number): string {
  return `peer${index}`;
}

function bgpConfiguration({ routerId, asn, peers }: PlacedRouter): string {
  return [
    "log stderr all;",
    `router id ${routerId};`,
    "protocol device { }",
    // The interfaces' own prefixes, without which no next hop of an internal peer can be resolved.
    "protocol direct { ipv4; ipv6; }",
    ...peers.map((peer, i) => protocol(protocolName(i), asn, peer)),
    "",
  ].join("\n");
}

function protocol(name: string, ownAsn: number, peer: PeerPlan): string {
  const { address, asn, local, localAsn = ownAsn, dials, password, gtsm, zone, holdTime = HOLD_TIME } = peer;
  const lines = [
    `local ${local} as ${localAsn}`,
    ...(zone === undefined ? [] : [`interface "${zone}"`]),
    `neighbor ${address}${dials === undefined ? "" : ` port ${dials}`} as ${asn}`,
    "direct",
    `hold time ${holdTime}`,
    `keepalive time ${Math.floor(holdTime / 3)}`,
    "connect delay time 1",
    "connect retry time 1",
    "error wait time 1, 2",
    ...(dials === undefined ? ["passive on"] : []),
    ...(password === undefined ? [] : [`password "${password}"`]),
    ...(gtsm === true ? ["ttl security on"] : []),
    "ipv4 { import all; export none; }",
    "ipv6 { import all; export none; }",
  ];
  return `protocol bgp ${name} {\n${lines.map((line) => `  ${line};\n`).join("")}}`;
}

function parseSessions(text: string): ReadonlyMap<string, SeenSession> {
  const sessions = new Map<string, SeenSession>();
  for (const block of text.split(/\n\n/)) {
    const address = /Neighbor address: (\S+)/.exec(block)?.[1];
    const state = /BGP state: +(\S+)/.exec(block)?.[1];
    if (address === undefined || state === undefined) continue;
    const lastError = /Last error: +(.*)/.exec(block)?.[1];
    sessions.set(address.split("%")[0]!, {
      established: state === "Established",
      state,
      ...(lastError === undefined ? {} : { lastError }),
    });
  }
  return sessions;
}

function parseTaken(text: string): ReadonlyMap<string, number> {
  const taken = new Map<string, number>();
  for (const block of text.split(/\n\n/)) {
    const address = /Neighbor address: (\S+)/.exec(block)?.[1];
    if (address === undefined) continue;
    const counts = [...block.matchAll(/Routes: +(\d+) imported/g)].map(([, count]) => Number(count));
    taken.set(
      address,
      counts.reduce((sum, count) => sum + count, 0),
    );
  }
  return taken;
}

/** LOCAL_PREF of routes from external peers is BIRD's own. */
function parseRoutes(text: string, internal: boolean): SeenRoute[] {
  const blocks = text.split(/\n(?=[0-9a-f.:]+\/\d+ )/).slice(1);
  return blocks.map((block) => {
    const field = (name: string): string | undefined => new RegExp(`BGP\\.${name}: *(.*)`).exec(block)?.[1]?.trim();
    const number = (name: string): number | undefined => {
      const value = field(name);
      return value === undefined ? undefined : Number(value);
    };
    const [med, localPref] = [number("med"), number("local_pref")];
    return {
      prefix: /^\S+/.exec(block)![0],
      nextHop: field("next_hop")!.split(" ")[0]!,
      asPath: (field("as_path") ?? "").split(" ").filter(Boolean).map(Number),
      ...preferences(internal ? localPref : undefined, med),
      communities: sorted(tuples(field("community")).map((parts) => parts.join(":"))),
      largeCommunities: sorted(tuples(field("large_community")).map((parts) => parts.join(":"))),
      extendedCommunities: sorted(tuples(field("ext_community")).map(extendedOf)),
    };
  });
}

/** The parts of `(1,2) (3,4)`. */
function tuples(text = ""): string[][] {
  return [...text.matchAll(/\(([^)]*)\)/g)].map(([, inner]) => inner!.split(",").map((part) => part.trim()));
}

/** BIRD does not know link bandwidth: `(unknown 0x4004, 64512, 1234102272)`. */
function extendedOf([kind, asn, value]: readonly string[]): string {
  const type = /^unknown (0x[0-9a-f]+)$/.exec(kind!)?.[1];
  if (type === undefined) return [kind, asn, value].join(":");
  return extendedText((BigInt(type) << 48n) | (BigInt(asn!) << 32n) | BigInt(value!));
}
