import { ByteWriter } from "../../bytes/writer.ts";
import { concatBytes } from "../../bytes/concat.ts";
import { addressToBytes, type IpAddress } from "../../ip/address.ts";
import type { Aggregator, PathAttributes } from "../path-attributes.ts";
import { as4PathOf, type AsnSize, encodeAsPath, needsFourOctets, writeAsn } from "./as-path.ts";
import { ATTRIBUTE, FLAG, KIND, ORIGINS } from "./attribute-codes.ts";
import { encodeLargeCommunities } from "./large-communities.ts";
import type { WireOptions } from "./options.ts";

/** From this length on, the length takes two bytes. */
const EXTENDED_FROM = 256;

interface EncodedAttribute {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/**
 * All attributes but MP_REACH_NLRI and MP_UNREACH_NLRI, NEXT_HOP only if it is given, in ascending order of their types (RFC 4271 §5). To a peer that
 * reads AS numbers of two bytes, AS4_PATH and AS4_AGGREGATOR go along where they are needed (RFC 6793 §4.2.2).
 */
export function encodeAttributes(
  attributes: Omit<PathAttributes, "nextHop">,
  nextHop: IpAddress | undefined,
  options: WireOptions,
): Uint8Array {
  const size: AsnSize = options.fourOctetAs ? 4 : 2;
  const { med, localPref, aggregator, communities, largeCommunities, extendedCommunities } = attributes;
  const list: EncodedAttribute[] = [];
  const add = (type: number, flags: number, value: Uint8Array): void => {
    list.push({ type, bytes: concatBytes([attributeHeader(flags, type, value.length), value]) });
  };
  add(ATTRIBUTE.ORIGIN, KIND.WELL_KNOWN, Uint8Array.of(ORIGINS.indexOf(attributes.origin)));
  add(ATTRIBUTE.AS_PATH, KIND.WELL_KNOWN, encodeAsPath(attributes.asPath, size));
  if (nextHop !== undefined) add(ATTRIBUTE.NEXT_HOP, KIND.WELL_KNOWN, addressToBytes(nextHop));
  if (med !== undefined) add(ATTRIBUTE.MULTI_EXIT_DISC, KIND.OPTIONAL, words([med]));
  if (localPref !== undefined) add(ATTRIBUTE.LOCAL_PREF, KIND.WELL_KNOWN, words([localPref]));
  if (attributes.atomicAggregate) add(ATTRIBUTE.ATOMIC_AGGREGATE, KIND.WELL_KNOWN, new Uint8Array(0));
  if (aggregator) add(ATTRIBUTE.AGGREGATOR, KIND.OPTIONAL_TRANSITIVE, encodeAggregator(aggregator, size));
  if (communities.length > 0) add(ATTRIBUTE.COMMUNITIES, KIND.OPTIONAL_TRANSITIVE, words(communities));
  if (extendedCommunities.length > 0) {
    add(ATTRIBUTE.EXTENDED_COMMUNITIES, KIND.OPTIONAL_TRANSITIVE, concatBytes(extendedCommunities));
  }
  if (largeCommunities.length > 0) {
    add(ATTRIBUTE.LARGE_COMMUNITIES, KIND.OPTIONAL_TRANSITIVE, encodeLargeCommunities(largeCommunities));
  }
  for (const { type, flags, value } of attributes.unknown) add(type, flags, value);
  if (!options.fourOctetAs) addForOldSpeaker(attributes, add);
  return concatBytes(list.toSorted((a, b) => a.type - b.type).map(({ bytes }) => bytes));
}

function addForOldSpeaker(
  { asPath, aggregator }: Pick<PathAttributes, "asPath" | "aggregator">,
  add: (type: number, flags: number, value: Uint8Array) => void,
): void {
  const as4Path = as4PathOf(asPath);
  if (as4Path !== undefined) add(ATTRIBUTE.AS4_PATH, KIND.OPTIONAL_TRANSITIVE, encodeAsPath(as4Path, 4));
  if (aggregator !== undefined && needsFourOctets(aggregator.asn)) {
    add(ATTRIBUTE.AS4_AGGREGATOR, KIND.OPTIONAL_TRANSITIVE, encodeAggregator(aggregator, 4));
  }
}

/** Flags, type and length in front of a value. The length takes as few bytes as it can (RFC 4271 §4.3). */
export function attributeHeader(flags: number, type: number, length: number): Uint8Array {
  const kept = flags & (FLAG.OPTIONAL | FLAG.TRANSITIVE | FLAG.PARTIAL);
  if (length < EXTENDED_FROM) return Uint8Array.of(kept, type, length);
  return Uint8Array.of(kept | FLAG.EXTENDED_LENGTH, type, length >>> 8, length);
}

function encodeAggregator({ asn, address }: Aggregator, size: AsnSize): Uint8Array {
  const writer = new ByteWriter(size + 4);
  writeAsn(writer, asn, size);
  return writer.bytes(addressToBytes(address)).finish();
}

function words(values: readonly number[]): Uint8Array {
  const writer = new ByteWriter(4 * values.length);
  for (const value of values) writer.u32(value);
  return writer.finish();
}
