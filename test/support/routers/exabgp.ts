import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOLD_TIME, type PeerPlan } from "../../../src/dev/lab/router-plan.ts";
import type { Family } from "../../../src/ip/family.ts";
import { Daemon, privateFolder } from "./process.ts";
import {
  extendedText,
  preferences,
  type Router,
  type PlacedRouter,
  type SeenRoute,
  type SeenSession,
  sorted,
} from "./router.ts";

const FAMILY: Readonly<Record<Family, string>> = { IPv4: "ipv4 unicast", IPv6: "ipv6 unicast" };
const PORT = 179;

const ENVIRONMENT = {
  "exabgp.daemon.user": "root",
  "exabgp.daemon.daemonize": "false",
  "exabgp.api.ack": "false",
  "exabgp.api.cli": "false",
  "exabgp.log.level": "INFO",
};

/** ExaBGP 4, which has no table: what it heard is put together from its stream of events. */
export async function startExabgp(plan: PlacedRouter): Promise<Router> {
  const folder = privateFolder("exabgp");
  const file = (name: string): string => join(folder.path, name);
  const [configuration, script, events, commands] = ["exa.conf", "watch.sh", "events", "commands"].map(file) as [
    string,
    string,
    string,
    string,
  ];
  writeFileSync(events, "");
  writeFileSync(commands, "");
  // Commands go in by the script's output. It must not replace itself by another program: ExaBGP would restart it.
  writeFileSync(script, `#!/bin/sh\ntail -n +1 -s 0.05 -f ${commands} &\ntee -a ${events} >/dev/null\nkill $!\n`, {
    mode: 0o755,
  });
  writeFileSync(configuration, bgpConfiguration(plan, script));
  const daemon = new Daemon(plan.namespace, "exabgp", [configuration], ENVIRONMENT);
  await daemon.ready(async () => {
    if (!daemon.output.includes("loaded new configuration")) throw new Error("not configured yet");
  });
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    await daemon.end(signal);
    folder.remove();
  };
  const command = async (text: string): Promise<void> => appendFileSync(commands, `${text}\n`);
  const heard = (): Heard => replay(readFileSync(events, "utf8"));
  return {
    product: "ExaBGP",
    showsLinkLocal: true,
    sessions: async () => heard().sessions,
    routes: async (peer, family) => [...(heard().routes.get(`${peer} ${FAMILY[family]}`)?.values() ?? [])],
    refresh: (peer, family) => command(`neighbor ${peer} announce route-refresh ${FAMILY[family]}`),
    reset: (peer) => command(`neighbor ${peer} teardown 4`),
    freeze: () => daemon.signal("SIGSTOP"),
    thaw: () => daemon.signal("SIGCONT"),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

function bgpConfiguration({ asn, routerId, peers }: PlacedRouter, script: string): string {
  return [
    `process watch { run ${script}; encoder json; }`,
    ...peers.map((peer) => neighbor(asn, routerId, peer)),
    "",
  ].join("\n");
}

function neighbor(ownAsn: number, routerId: string, peer: PeerPlan): string {
  const { address, asn, local, localAsn = ownAsn, dials, password, gtsm, holdTime = HOLD_TIME } = peer;
  const lines = [
    `router-id ${routerId}`,
    `local-address ${local}`,
    `local-as ${localAsn}`,
    `peer-as ${asn}`,
    `hold-time ${holdTime}`,
    ...(dials === undefined ? ["passive true", `listen ${PORT}`] : [`connect ${dials}`]),
    ...(password === undefined ? [] : [`md5-password "${password}"`, `md5-ip ${local}`]),
    ...(gtsm === true ? ["incoming-ttl 255", "outgoing-ttl 255"] : []),
  ];
  return [
    `neighbor ${address} {`,
    ...lines.map((line) => `  ${line};`),
    "  capability { route-refresh enable; asn4 enable; }",
    "  family { ipv4 unicast; ipv6 unicast; }",
    "  api { processes [ watch ]; neighbor-changes; receive { parsed; update; notification; } }",
    "}",
  ].join("\n");
}

interface EventJson {
  readonly type: string;
  readonly neighbor?: {
    readonly address: { readonly peer: string };
    readonly state?: string;
    readonly reason?: string;
    readonly message?: { readonly update?: UpdateJson };
  };
}

interface UpdateJson {
  readonly attribute?: AttributesJson;
  /** Family to next hop to prefixes. */
  readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly { readonly nlri: string }[]>>>>;
  readonly withdraw?: Readonly<Record<string, readonly { readonly nlri: string }[]>>;
}

interface AttributesJson {
  readonly "as-path"?: readonly number[];
  readonly "local-preference"?: number;
  readonly med?: number;
  readonly community?: readonly (readonly number[])[];
  readonly "large-community"?: readonly (readonly number[])[];
  readonly "extended-community"?: readonly { readonly value: number | bigint }[];
}

interface Heard {
  readonly sessions: Map<string, SeenSession>;
  /** Peer and family to prefix to route. */
  readonly routes: Map<string, Map<string, SeenRoute>>;
}

function replay(text: string): Heard {
  const heard: Heard = { sessions: new Map(), routes: new Map() };
  // The last line may still be written.
  for (const line of text.split("\n").slice(0, -1)) {
    const { type, neighbor } = parseEvent(line);
    if (neighbor === undefined) continue;
    const { peer } = neighbor.address;
    if (type === "state") {
      const { state = "", reason } = neighbor;
      heard.sessions.set(peer, {
        established: state === "up",
        state,
        ...(reason === undefined ? {} : { lastError: reason }),
      });
      if (state === "down") for (const family of Object.values(FAMILY)) heard.routes.delete(`${peer} ${family}`);
    }
    if (neighbor.message?.update !== undefined) applyUpdate(heard, peer, neighbor.message.update);
  }
  return heard;
}

/** Extended communities are numbers of 64 bits; what came in a NOTIFICATION may be in a text as it is. */
function parseEvent(line: string): EventJson {
  const exact = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? "")
      ? BigInt(context!.source!)
      : value;
  return JSON.parse(line.replaceAll(/\p{Cc}/gu, " "), exact) as EventJson;
}

function applyUpdate(
  { routes }: Heard,
  peer: string,
  { attribute = {}, announce = {}, withdraw = {} }: UpdateJson,
): void {
  const table = (family: string): Map<string, SeenRoute> => {
    const key = `${peer} ${family}`;
    const known = routes.get(key) ?? new Map<string, SeenRoute>();
    routes.set(key, known);
    return known;
  };
  for (const [family, prefixes] of Object.entries(withdraw)) {
    for (const { nlri } of prefixes) table(family).delete(nlri);
  }
  for (const [family, byNextHop] of Object.entries(announce)) {
    for (const [nextHop, prefixes] of Object.entries(byNextHop)) {
      for (const { nlri } of prefixes) table(family).set(nlri, routeOf(nlri, nextHop, attribute));
    }
  }
}

function routeOf(prefix: string, nextHop: string, attributes: AttributesJson): SeenRoute {
  const { med, "local-preference": localPref } = attributes;
  return {
    prefix,
    nextHop,
    asPath: attributes["as-path"] ?? [],
    ...preferences(localPref, med),
    communities: sorted((attributes.community ?? []).map((parts) => parts.join(":"))),
    largeCommunities: sorted((attributes["large-community"] ?? []).map((parts) => parts.join(":"))),
    extendedCommunities: sorted(
      (attributes["extended-community"] ?? []).map(({ value }) => extendedText(BigInt(value))),
    ),
  };
}
