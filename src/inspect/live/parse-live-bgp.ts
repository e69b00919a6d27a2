import { type Fields, fieldsOf, itemsOf, textOf, textsOf } from "../../config/fields.ts";
import { END_CODES, type EndCode } from "../../bgp/session/reason.ts";
import type { UnsentReason } from "../../bgp/rib/renderer.ts";
import type { SessionState } from "../../bgp/session/session-state.ts";
import type { Family } from "../../ip/family.ts";
import type {
  LiveAttributes,
  LiveBgp,
  LiveEnd,
  LiveNegotiated,
  LivePeer,
  LiveRoute,
  LiveRouteState,
} from "../../speaker/bgp/live-bgp.ts";

/** More than a page has of anything. */
const MOST = 100_000;

/** Longer than any reason. */
const LONGEST = 2_000;

const STATES: readonly SessionState[] = ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"];
const ROUTE_STATES: readonly LiveRouteState[] = ["told", "waiting", "unsent", "leaving"];
const UNSENT: readonly UnsentReason[] = ["familyNotNegotiated", "noNextHop", "tooManyCommunities"];
const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];
const MESSAGES = ["open", "update", "notification", "keepalive", "route-refresh"] as const;

/** The part about BGP of what a Pod sent. What is missing or of the wrong type counts as absent, zero or false. */
export function parseLiveBgp(value: unknown): LiveBgp {
  return { peers: itemsOf(fieldsOf(value)["peers"], MOST).flatMap(peerOf) };
}

function peerOf(value: unknown): readonly LivePeer[] {
  const fields = fieldsOf(value);
  const [name, since] = [textOf(fields["name"]), timeOf(fields["since"])];
  const state = oneOf(STATES, fields["state"]);
  if (name === undefined || since === undefined || state === undefined) return [];
  const [prefixes, received] = [fieldsOf(fields["prefixes"]), fieldsOf(fields["prefixesReceived"])];
  const { lastEnd, negotiated, routes } = fields;
  return [
    {
      name,
      remote: textOf(fields["remote"]) ?? "",
      ...optional("local", textOf(fields["local"])),
      ...optional("vrf", textOf(fields["vrf"])),
      localAsn: numberOf(fields["localAsn"]),
      remoteAs: textOf(fields["remoteAs"]) ?? "",
      routerId: textOf(fields["routerId"]) ?? "",
      passive: fields["passive"] === true,
      state,
      since,
      ...optional("retryAt", timeOf(fields["retryAt"])),
      ...optional("lastEnd", lastEnd === undefined ? undefined : endOf(fieldsOf(lastEnd), since)),
      ...optional("negotiated", negotiated === undefined ? undefined : negotiatedOf(fieldsOf(negotiated))),
      leftOut: numbersOf(fields["leftOut"]),
      prefixes: { IPv4: countsOf(prefixes["IPv4"]), IPv6: countsOf(prefixes["IPv6"]) },
      prefixesReceived: { IPv4: numberOf(received["IPv4"]), IPv6: numberOf(received["IPv6"]) },
      sent: messagesOf(fields["sent"]),
      received: messagesOf(fields["received"]),
      timesEstablished: numberOf(fields["timesEstablished"]),
      failures: numberOf(fields["failures"]),
      transitions: itemsOf(fields["transitions"], MOST).flatMap(transitionOf),
      ...optional("routes", Array.isArray(routes) ? itemsOf(routes, MOST).flatMap(routeOf) : undefined),
    },
  ];
}

function endOf(fields: Fields, otherwise: string): LiveEnd & { readonly at: string } {
  return { at: timeOf(fields["at"]) ?? otherwise, ...reasonOf(fields) };
}

/** Codes that a later speaker may have are as if the connection were lost; the words say what it is. */
function reasonOf({ code, reason }: Fields): LiveEnd {
  const known: EndCode = oneOf(END_CODES, code) ?? "connection-lost";
  return { code: known, reason: textOf(reason, LONGEST) ?? "" };
}

function transitionOf(value: unknown): LivePeer["transitions"] {
  const fields = fieldsOf(value);
  const [at, from, to] = [timeOf(fields["at"]), oneOf(STATES, fields["from"]), oneOf(STATES, fields["to"])];
  if (at === undefined || from === undefined || to === undefined) return [];
  return [{ at, from, to, ...(fields["code"] === undefined ? {} : reasonOf(fields)) }];
}

function negotiatedOf(fields: Fields): LiveNegotiated {
  return {
    peerAsn: numberOf(fields["peerAsn"]),
    peerRouterId: textOf(fields["peerRouterId"]) ?? "",
    internal: fields["internal"] === true,
    holdSeconds: numberOf(fields["holdSeconds"]),
    keepaliveSeconds: numberOf(fields["keepaliveSeconds"]),
    peerHoldSeconds: numberOf(fields["peerHoldSeconds"]),
    families: familiesOf(fields["families"]),
    missingFamilies: familiesOf(fields["missingFamilies"]),
    extendedNextHop: familiesOf(fields["extendedNextHop"]),
    fourOctetAs: fields["fourOctetAs"] === true,
    extendedMessages: fields["extendedMessages"] === true,
    routeRefresh: fields["routeRefresh"] === true,
    enhancedRefresh: fields["enhancedRefresh"] === true,
    capabilities: textsOf(fields["capabilities"], MOST),
  };
}

function routeOf(value: unknown): readonly LiveRoute[] {
  const fields = fieldsOf(value);
  const [prefix, state] = [textOf(fields["prefix"]), oneOf(ROUTE_STATES, fields["state"])];
  if (prefix === undefined || state === undefined) return [];
  const { told } = fields;
  const attributes = told === undefined ? undefined : attributesOf(fieldsOf(told));
  return [{ prefix, state, ...optional("unsent", oneOf(UNSENT, fields["unsent"])), ...optional("told", attributes) }];
}

function attributesOf(fields: Fields): LiveAttributes {
  const number = (name: string) => (typeof fields[name] === "number" ? numberOf(fields[name]) : undefined);
  return {
    nextHop: textOf(fields["nextHop"]) ?? "",
    ...optional("linkLocalNextHop", textOf(fields["linkLocalNextHop"])),
    asPath: numbersOf(fields["asPath"]),
    ...optional("localPref", number("localPref")),
    ...optional("med", number("med")),
    communities: textsOf(fields["communities"], MOST),
    ...optional("linkBandwidth", number("linkBandwidth")),
  };
}

function countsOf(value: unknown): LivePeer["prefixes"][Family] {
  const { wanted, told, unsent } = fieldsOf(value);
  const reasons = fieldsOf(unsent);
  const counted = UNSENT.map((reason) => [reason, numberOf(reasons[reason])] as const).filter(([, count]) => count > 0);
  return { wanted: numberOf(wanted), told: numberOf(told), unsent: Object.fromEntries(counted) };
}

function messagesOf(value: unknown): LivePeer["sent"] {
  const fields = fieldsOf(value);
  return Object.fromEntries(MESSAGES.map((type) => [type, numberOf(fields[type])])) as LivePeer["sent"];
}

function familiesOf(value: unknown): readonly Family[] {
  return FAMILIES.filter((family) => itemsOf(value, MOST).includes(family));
}

function numbersOf(value: unknown): readonly number[] {
  return itemsOf(value, MOST).map(numberOf);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function timeOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text;
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((one) => one === value);
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V };
}
