import fc from "fast-check";
import { addressFromBytes, familyOf, type IpAddress } from "../../src/ip/address.ts";
import type { Family } from "../../src/ip/family.ts";
import { formatPrefix, type IpPrefix, parsePrefix } from "../../src/ip/prefix.ts";
import type { Capability, Message, Reach, Update } from "../../src/bgp/message.ts";
import type { AsPathSegment, PathAttributes } from "../../src/bgp/path-attributes.ts";

/** Messages that a peer may send, of any content but what decoding would refuse or put in order. */

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat({ max: 0xffff_ffff });
const asn = fc.integer({ min: 1, max: 0xffff_ffff });
const flag = fc.boolean();
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const address = (family: Family): fc.Arbitrary<IpAddress> =>
  bytes(family === "IPv4" ? 4 : 16)
    .map(addressFromBytes)
    .filter((address) => familyOf(address) === family);

/** One that a host can have, which decoding checks. */
const host = fc.tuple(
  fc.integer({ min: 1, max: 223 }).filter((first) => first !== 127),
  bytes(3),
);
const hostAddress = host.map(([first, rest]) => addressFromBytes(Uint8Array.of(first, ...rest)));

const prefix = (family: Family): fc.Arbitrary<IpPrefix> =>
  fc
    .tuple(address(family), fc.nat(family === "IPv4" ? 32 : 128))
    .map(([address, length]) => parsePrefix(formatPrefix({ address, length }))!);

const prefixes = (family: Family) => fc.array(prefix(family), { maxLength: 20 });
const family = fc.constantFrom<Family>("IPv4", "IPv6");

const table = { afi: u16, safi: u8 };

const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.record({ is: fc.constant("multiprotocol" as const), ...table }),
  fc.constantFrom<Capability>({ is: "route-refresh" }, { is: "enhanced-route-refresh" }, { is: "extended-message" }),
  fc.record({ is: fc.constant("four-octet-as" as const), asn }),
  fc.record({
    is: fc.constant("extended-next-hop" as const),
    entries: fc.array(fc.record({ ...table, nextHopAfi: u16 }), { maxLength: 42 }),
  }),
  fc.record({
    is: fc.constant("graceful-restart" as const),
    restarting: flag,
    notification: flag,
    time: fc.nat(4095),
    families: fc.array(fc.record({ ...table, forwarding: flag }), { maxLength: 63 }),
  }),
  fc.record({
    is: fc.constant("unknown" as const),
    code: fc.integer({ min: 71, max: 255 }),
    value: fc.uint8Array({ maxLength: 255 }),
  }),
);

const open: fc.Arbitrary<Message> = fc.record({
  type: fc.constant("open" as const),
  version: fc.constant(4),
  asn: fc.integer({ min: 1, max: 0xffff }),
  holdTime: u16.filter((seconds) => seconds !== 1 && seconds !== 2),
  routerId: asn,
  capabilities: fc.array(capability, { maxLength: 15 }),
});

const segment = (kinds: readonly AsPathSegment["is"][], max: number): fc.Arbitrary<AsPathSegment> =>
  fc.record({
    is: fc.constantFrom(...kinds),
    asns: fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 12 }),
  });

/** Confederations are in front and have small AS numbers: an old speaker has no words for others (RFC 6793 §4.2.2). */
const asPath = fc
  .tuple(
    fc.array(segment(["confed-sequence", "confed-set"], 0xffff), { maxLength: 2 }),
    fc.array(segment(["sequence", "set"], 0xffff_ffff), { maxLength: 4 }),
  )
  .map((parts) => parts.flat());

const triple = fc.tuple(u32, u32, u32);

const unknownAttribute = fc.record({
  flags: fc.constantFrom(0x80, 0xc0, 0xe0),
  type: fc.integer({ min: 33, max: 255 }),
  value: fc.uint8Array({ maxLength: 300 }),
});

const attributes: fc.Arbitrary<PathAttributes> = fc.record(
  {
    origin: fc.constantFrom("igp" as const, "egp" as const, "incomplete" as const),
    asPath,
    med: u32,
    localPref: u32,
    atomicAggregate: fc.constant(true as const),
    aggregator: fc.record({ asn, address: address("IPv4") }),
    communities: fc.array(u32, { maxLength: 70 }),
    largeCommunities: fc.uniqueArray(triple, { maxLength: 25, selector: (parts) => parts.join() }),
    extendedCommunities: fc.array(bytes(8), { maxLength: 40 }),
    unknown: fc
      .uniqueArray(unknownAttribute, { maxLength: 3, selector: ({ type }) => type })
      .map((list) => list.toSorted((a, b) => a.type - b.type)),
  },
  { requiredKeys: ["origin", "asPath", "communities", "largeCommunities", "extendedCommunities", "unknown"] },
);

const reach: fc.Arbitrary<Reach> = family.chain((family) =>
  fc.record(
    {
      family: fc.constant(family),
      nextHop: address("IPv6"),
      linkLocalNextHop: address("IPv6"),
      prefixes: fc.array(prefix(family), { minLength: 1, maxLength: 20 }),
    },
    { requiredKeys: ["family", "nextHop", "prefixes"] },
  ),
);

const unreach = family.chain((family) =>
  fc.record({ family: fc.constant(family), prefixes: fc.array(prefix(family), { minLength: 1, maxLength: 20 }) }),
);

const nothing = { type: "update" as const, withdrawn: [], announced: [] };

/** Announcing in one of the two ways or both, withdrawing in one of the two or both, or at the end. */
const update: fc.Arbitrary<Update> = fc.oneof(
  family.map((endOfRib) => ({ ...nothing, endOfRib })),
  fc
    .tuple(prefixes("IPv4"), fc.option(unreach))
    .filter(([withdrawn, unreach]) => withdrawn.length > 0 || unreach !== null)
    .map(([withdrawn, unreach]) => ({ ...nothing, withdrawn, ...(unreach !== null && { unreach }) })),
  fc
    .record({ withdrawn: prefixes("IPv4"), announced: prefixes("IPv4"), attributes, hostAddress, reach })
    .map(({ withdrawn, announced, attributes, hostAddress, reach }) =>
      announced.length > 0
        ? { ...nothing, withdrawn, announced, attributes: { ...attributes, nextHop: hostAddress } }
        : { ...nothing, withdrawn, reach, attributes },
    ),
);

const notification: fc.Arbitrary<Message> = fc.record({
  type: fc.constant("notification" as const),
  code: u8,
  subcode: u8,
  data: fc.uint8Array({ maxLength: 300 }),
});

const refresh: fc.Arbitrary<Message> = fc.record({
  type: fc.constant("route-refresh" as const),
  ...table,
  subtype: u8,
});

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  open,
  update,
  notification,
  refresh,
  fc.constant({ type: "keepalive" as const }),
);
