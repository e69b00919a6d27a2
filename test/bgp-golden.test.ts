import { describe, expect, test } from "vitest";
import type { Message, Open, Update } from "../src/bgp/message.ts";
import { describeNotification } from "../src/bgp/notification.ts";
import { decode } from "../src/bgp/wire/decode.ts";
import { encode } from "../src/bgp/wire/encode.ts";
import { concatBytes } from "../src/bytes/concat.ts";
import { hex, toHex } from "../src/bytes/hex.ts";
import { formatAddress } from "../src/ip/address.ts";
import { formatPrefix } from "../src/ip/prefix.ts";
import { BGP_ROUTERS, bgpRecording, type RecordedBgp } from "./support/bgp-recordings.ts";

function read({ bytes, options }: RecordedBgp): Message {
  const decoded = decode(bytes, options);
  if (!decoded.ok) throw new Error(`${toHex(bytes)}: ${decoded.error.message}`);
  return decoded.value;
}

const readAll = (router: (typeof BGP_ROUTERS)[number], session: string): Message[] =>
  bgpRecording(router)
    .filter((message) => message.session === session)
    .map(read);

const updates = (messages: readonly Message[]): Update[] =>
  messages.filter(({ type }) => type === "update") as Update[];

/** Prefixes of a route to what is said of it, in words. */
function routesOf(messages: readonly Message[]): Record<string, string> {
  const told = updates(messages).flatMap(({ announced, reach, attributes }) => {
    const prefixes = [...announced, ...(reach?.prefixes ?? [])].map(formatPrefix);
    const nextHop = reach?.nextHop ?? attributes?.nextHop;
    const path = attributes?.asPath.map(({ is, asns }) => `${is} ${asns.join(" ")}`).join(", ");
    return prefixes.map((prefix) => [prefix, `${path} via ${formatAddress(nextHop!)}`] as const);
  });
  return Object.fromEntries(told);
}

describe.each(BGP_ROUTERS)("%s", (router) => {
  const messages = bgpRecording(router);

  test("says nothing that has to be put right", () => {
    expect(messages.length).toBeGreaterThan(30);
    for (const message of messages) expect(read(message)).not.toHaveProperty("revised");
  });

  test("is written again as the same bytes, but for the order and the spelling that are left to the writer", () => {
    for (const message of messages) {
      const decoded = read(message);
      const written = encode(decoded, message.options);
      expect(read({ ...message, bytes: written })).toEqual(decoded);
      expect(toHex(canonical(written))).toBe(toHex(canonical(message.bytes)));
    }
  });

  test("announces rich routes to an internal peer", () => {
    const rich = updates(readAll(router, "internal")).filter(({ attributes }) => attributes?.med === 50);
    const prefixes = rich.flatMap(({ announced, reach }) => [...announced, ...(reach?.prefixes ?? [])]);
    expect(prefixes.map(formatPrefix).toSorted()).toEqual(["192.0.2.0/24", "2001:db8:1::/48", "203.0.113.7/32"]);
    for (const { attributes } of rich) {
      expect(attributes).toMatchObject({
        origin: "egp",
        asPath: [{ is: "sequence", asns: [4_200_000_009, 64_999] }],
        localPref: 150,
        communities: [0xfc00_0064, 0xffff_ff04],
        largeCommunities: [[4_200_000_001, 1, 2]],
        unknown: [],
      });
      expect(attributes!.extendedCommunities[0]).toEqual(hex`0002fc0000000007`);
    }
  });

  test("tells an old speaker of large AS numbers by AS4_PATH", () => {
    const path = router === "exabgp-4.2.21" ? "4200000009 64999" : "4200000001 4200000009 64999";
    const old = readAll(router, "old");
    const addresses = { "192.0.2.0/24": "10.88.0.1", "203.0.113.7/32": "10.88.0.1", "2001:db8:1::/48": "fd88::1" };
    for (const [prefix, nextHop] of Object.entries(addresses)) {
      expect(routesOf(old)[prefix]).toBe(`sequence ${path} via ${nextHop}`);
    }
  });

  test("says which bytes of an OPEN or header are wrong", () => {
    const last = (session: string): string => {
      const message = readAll(router, session).at(-1)!;
      return message.type === "notification" ? describeNotification(message) : message.type;
    };
    expect(last("wrong-as")).toMatch(/^OPEN error: bad peer AS/);
    expect(last("wrong-hold-time")).toMatch(/^OPEN error: unacceptable hold time/);
    // GoBGP looks at the length first.
    expect(last("wrong-marker")).toMatch(/^message header error: (connection not synchronized|bad message length)/);
  });

  test("withdraws, from both families", () => {
    const gone = updates(readAll(router, "old")).flatMap(({ withdrawn, unreach }) => [
      ...withdrawn,
      ...(unreach?.prefixes ?? []),
    ]);
    expect(gone.map(formatPrefix).toSorted()).toEqual(["198.51.100.0/25", "2001:db8:2::/48"]);
  });
});

describe("what only some routers do", () => {
  test.each(["frr-8.4.4", "bird-2.0.12", "exabgp-4.2.21"] as const)(
    "%s announces IPv4 over an IPv6 next hop",
    (router) => {
      const reach = updates(readAll(router, "ipv6")).flatMap(({ reach }) => (reach?.family === "IPv4" ? [reach] : []));
      expect(new Set(reach.map(({ nextHop }) => formatAddress(nextHop)))).toEqual(new Set(["fd88::1"]));
      expect(reach.flatMap(({ prefixes }) => prefixes.map(formatPrefix))).toContain("203.0.113.7/32");
      const linkLocal = reach.map(({ linkLocalNextHop }) => linkLocalNextHop && formatAddress(linkLocalNextHop));
      for (const one of linkLocal) expect(String(one)).toMatch(router === "exabgp-4.2.21" ? /^undefined$/ : /^fe80::/);
    },
  );

  test.each(["frr-8.4.4", "bird-2.0.12", "gobgp-3.10.0"] as const)("%s says when it comes back", (router) => {
    const last = readAll(router, "internal").at(-1)!;
    const said = last.type === "notification" ? describeNotification(last) : "";
    expect(said).toBe('cease: administrative shutdown: "back at noon"');
  });

  test.each(["bird-2.0.12", "exabgp-4.2.21"] as const)("%s ends its first tables", (router) => {
    const ends = updates(readAll(router, "old")).flatMap(({ endOfRib }) => endOfRib ?? []);
    expect(ends).toEqual(["IPv4", "IPv6"]);
  });

  test("BIRD brackets a refresh, and asks for one", () => {
    const refreshes = readAll("bird-2.0.12", "internal").filter(({ type }) => type === "route-refresh");
    expect(refreshes).toEqual(
      [
        { afi: 1, subtype: 1 },
        { afi: 1, subtype: 2 },
        { afi: 1, subtype: 0 },
        { afi: 2, subtype: 0 },
      ].map((one) => ({ type: "route-refresh", safi: 1, ...one })),
    );
  });

  test("FRR aggregates, with an AS number that an old speaker can't read", () => {
    for (const session of ["internal", "old"]) {
      const [aggregate] = updates(readAll("frr-8.4.4", session)).filter(({ attributes }) => attributes?.aggregator);
      expect(aggregate!.announced.map(formatPrefix)).toEqual(["100.64.0.0/16"]);
      const { asn, address } = aggregate!.attributes!.aggregator!;
      expect([asn, formatAddress(address)]).toEqual([4_200_000_001, "10.88.0.1"]);
    }
  });

  test.each([
    { router: "bird-2.0.12", named: { is: "extended-message" }, unknown: [71] },
    { router: "frr-8.4.4", named: { is: "enhanced-route-refresh" }, unknown: [128, 69, 73, 71] },
    { router: "gobgp-3.10.0", named: { is: "four-octet-as", asn: 4_200_000_001 }, unknown: [73, 71] },
    { router: "exabgp-4.2.21", named: { is: "multiprotocol", afi: 2, safi: 1 }, unknown: [] },
  ] as const)("$router offers what it can", ({ router, named, unknown }) => {
    const open = readAll(router, "ipv6")[0] as Open;
    expect(open).toMatchObject({ version: 4, asn: 23_456, holdTime: 9, routerId: 0x0a58_0001 });
    expect(open.capabilities).toContainEqual(named);
    expect(open.capabilities).toContainEqual({
      is: "extended-next-hop",
      entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }],
    });
    const restart = open.capabilities.find(({ is }) => is === "graceful-restart");
    expect(restart).toMatchObject({ time: 120, notification: ["frr-8.4.4", "gobgp-3.10.0"].includes(router) });
    expect(open.capabilities.flatMap((one) => (one.is === "unknown" ? [one.code] : []))).toEqual(unknown);
  });
});

/**
 * A message in the one spelling of all that RFCs leave to the writer: attributes in ascending order, MP_REACH_NLRI and
 * MP_UNREACH_NLRI in front, lengths in as few bytes as possible, no attributes but these without routes; capabilities
 * in one parameter.
 */
function canonical(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(19);
  if (bytes[18] === 1) return concatBytes([bytes.subarray(18, 28), canonicalParameters(body.subarray(10))]);
  if (bytes[18] !== 2) return bytes;
  const withdrawnEnd = 2 + ((body[0]! << 8) | body[1]!);
  const attributesEnd = withdrawnEnd + 2 + ((body[withdrawnEnd]! << 8) | body[withdrawnEnd + 1]!);
  const announced = body.subarray(attributesEnd);
  const attributes = splitAttributes(body.subarray(withdrawnEnd + 2, attributesEnd));
  const silent = announced.length === 0 && attributes.every(({ type }) => type !== 14);
  const order = (type: number): number => (type === 14 || type === 15 ? type - 100 : type);
  const kept = attributes
    .filter(({ type }) => !silent || type === 15)
    .toSorted((a, b) => order(a.type) - order(b.type));
  return concatBytes([body.subarray(0, withdrawnEnd), ...kept.map(({ bytes }) => bytes), announced]);
}

function splitAttributes(bytes: Uint8Array): { readonly type: number; readonly bytes: Uint8Array }[] {
  const [flags, type, high, low] = bytes;
  if (flags === undefined) return [];
  const long = (flags & 0x10) !== 0;
  const start = long ? 4 : 3;
  const end = start + (long ? (high! << 8) | low! : high!);
  const attribute = concatBytes([Uint8Array.of(flags & 0xe0, type!), bytes.subarray(start, end)]);
  return [{ type: type!, bytes: attribute }, ...splitAttributes(bytes.subarray(end))];
}

function canonicalParameters(bytes: Uint8Array): Uint8Array {
  const [type, length] = bytes;
  if (type === undefined) return bytes;
  expect(type).toBe(2);
  return concatBytes([bytes.subarray(2, 2 + length!), canonicalParameters(bytes.subarray(2 + length!))]);
}
