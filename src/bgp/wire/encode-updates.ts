import { concatBytes } from "../../bytes/concat.ts";
import { familyOf } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";
import type { IpPrefix } from "../../ip/prefix.ts";
import type { RouteChanges, RouteGroup } from "../route-changes.ts";
import { ATTRIBUTE, KIND } from "./attribute-codes.ts";
import { attributeHeader, encodeAttributes } from "./encode-attributes.ts";
import { HEADER_LENGTH, maxLength, MESSAGE_TYPE, startMessage } from "./header.ts";
import { reachHead, unreachHead } from "./multiprotocol.ts";
import { prefixBytes, writePrefix } from "./nlri.ts";
import type { WireOptions } from "./options.ts";

export interface EncodedUpdates {
  /** Whole messages in the order in which they are to be sent. */
  readonly messages: readonly Uint8Array[];
  /** What has too many attributes to fit into a message. It may not be announced (RFC 4271 §9.2): its prefixes are withdrawn. */
  readonly tooLong: readonly RouteGroup[];
}

/** What all messages of one packing have around their prefixes. */
interface Template {
  /** The most bytes that `head` and `tail` take. */
  readonly overhead: number;
  /** The body up to the prefixes, which take `size` bytes. */
  readonly head: (size: number) => Uint8Array;
  readonly tail: Uint8Array;
}

/** Lengths of withdrawn routes and of attributes, two bytes each (RFC 4271 §4.3). */
const LENGTH_FIELDS = 4;

/** Flags, type and length of an attribute, at most. */
const ATTRIBUTE_HEADER = 4;

const NOTHING = new Uint8Array(0);

/**
 * Packs changes into as few UPDATEs as RFC 7606 §5.1 allows, which wants one kind of routes in each: the groups in their
 * order, then withdrawals, so that what takes the place of a route is there before it goes. IPv4 goes into the fields
 * that BGP-4 always had, unless its next hop is IPv6.
 */
export function encodeUpdates(changes: RouteChanges, options: WireOptions): EncodedUpdates {
  const announcements: Uint8Array[] = [];
  const tooLong: RouteGroup[] = [];
  for (const group of changes.groups) {
    for (const [family, prefixes] of byFamily(group.prefixes)) {
      const fits = pack(prefixes, announcementTemplate(group, family, options), options, announcements);
      if (!fits) tooLong.push({ ...group, prefixes });
    }
  }
  const withdrawals: Uint8Array[] = [];
  const withdrawn = [changes.withdrawn, ...tooLong.map(({ prefixes }) => prefixes)].flat();
  for (const [family, prefixes] of byFamily(withdrawn)) pack(prefixes, WITHDRAWAL[family], options, withdrawals);
  return { messages: announcements.concat(withdrawals), tooLong };
}

/** IPv4 first; a family without prefixes is left out. */
function byFamily(prefixes: readonly IpPrefix[]): (readonly [Family, readonly IpPrefix[]])[] {
  const lists = { IPv4: [] as IpPrefix[], IPv6: [] as IpPrefix[] };
  for (const prefix of prefixes) lists[familyOf(prefix.address)].push(prefix);
  return FAMILIES.map((family) => [family, lists[family]] as const).filter(([, list]) => list.length > 0);
}

const FAMILIES = ["IPv4", "IPv6"] as const;

const WITHDRAWAL: Readonly<Record<Family, Template>> = {
  IPv4: { overhead: LENGTH_FIELDS, head: (size) => u16(size), tail: u16(0) },
  IPv6: multiprotocolTemplate(ATTRIBUTE.MP_UNREACH_NLRI, unreachHead("IPv6"), NOTHING),
};

function announcementTemplate(group: RouteGroup, family: Family, options: WireOptions): Template {
  const { nextHop } = group;
  if (family === "IPv4" && familyOf(nextHop) === "IPv4") {
    const attributes = encodeAttributes(group.attributes, nextHop, options);
    const head = concatBytes([u16(0), u16(attributes.length), attributes]);
    return { overhead: head.length, head: () => head, tail: NOTHING };
  }
  const attributes = encodeAttributes(group.attributes, undefined, options);
  return multiprotocolTemplate(ATTRIBUTE.MP_REACH_NLRI, reachHead({ ...group, family }), attributes);
}

/** Prefixes at the end of the first attribute, where RFC 7606 §5.1 wants them. */
function multiprotocolTemplate(type: number, start: Uint8Array, attributes: Uint8Array): Template {
  return {
    overhead: LENGTH_FIELDS + ATTRIBUTE_HEADER + start.length + attributes.length,
    head: (size) => {
      const header = attributeHeader(KIND.OPTIONAL, type, start.length + size);
      const length = header.length + start.length + size + attributes.length;
      return concatBytes([u16(0), u16(length), header, start]);
    },
    tail: attributes,
  };
}

/** Fills messages with prefixes of one family; returns false, and makes none, if there is no room for any of them. */
function pack(prefixes: readonly IpPrefix[], template: Template, options: WireOptions, into: Uint8Array[]): boolean {
  const room = maxLength(MESSAGE_TYPE.UPDATE, options) - HEADER_LENGTH - template.overhead;
  if (prefixes.some((prefix) => prefixBytes(prefix) > room)) return false;
  for (let from = 0; from < prefixes.length;) {
    let to = from;
    let size = 0;
    for (; to < prefixes.length; to++) {
      const grown = size + prefixBytes(prefixes[to]!);
      if (grown > room) break;
      size = grown;
    }
    into.push(message(template, prefixes, from, to, size));
    from = to;
  }
  return true;
}

/** One UPDATE with the prefixes from `from` up to `to`, which take `size` bytes. */
function message(
  { head, tail }: Template,
  prefixes: readonly IpPrefix[],
  from: number,
  to: number,
  size: number,
): Uint8Array {
  const front = head(size);
  const length = front.length + size + tail.length;
  const bytes = startMessage(MESSAGE_TYPE.UPDATE, length).bytes(front).zeros(size).bytes(tail).finish();
  let at = HEADER_LENGTH + front.length;
  for (let i = from; i < to; i++) at = writePrefix(bytes, at, prefixes[i]!);
  return bytes;
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}
