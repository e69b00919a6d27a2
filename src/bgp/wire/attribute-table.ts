import { copyBytes } from "../../bytes/copy.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { addressFromBytes, type IpAddress } from "../../ip/address.ts";
import { MalformedError } from "../../lib/errors.ts";
import { UPDATE_ERROR } from "../notification.ts";
import type { Aggregator, AsPathSegment, PathAttributes } from "../path-attributes.ts";
import { type AsnSize, decodeAsPath } from "./as-path.ts";
import { ATTRIBUTE, KIND, ORIGINS } from "./attribute-codes.ts";
import { decodeLargeCommunities, LARGE_COMMUNITY_LENGTH } from "./large-communities.ts";
import type { WireOptions } from "./options.ts";

/** Attributes as they come in: each may still be missing. */
export type AttributeDraft = { -readonly [K in keyof PathAttributes]?: PathAttributes[K] } & {
  as4Path?: readonly AsPathSegment[];
  as4Aggregator?: Aggregator;
};

export interface AttributeSpec {
  readonly name: string;
  /** Optional and transitive bits. */
  readonly kind: number;
  readonly fits: (length: number, options: WireOptions) => boolean;
  /** Takes the value in; without it the attribute is kept as bytes. Throws MalformedError. */
  readonly read?: (value: Uint8Array, draft: AttributeDraft, options: WireOptions) => void;
  /** UPDATE error of a bad value, if it comes to that. */
  readonly subcode?: number;
  /** A mistake costs only the attribute, not the routes (RFC 7606 §7). */
  readonly dispensable?: true;
  /** Says nothing when it is from a peer in another AS, and is not looked at. */
  readonly internal?: true;
  /** Is only for peers that read AS numbers of two bytes (RFC 6793 §4.1). */
  readonly oldSpeakersOnly?: true;
}

const exactly =
  (wanted: number) =>
  (length: number): boolean =>
    length === wanted;

/** One or more items of `size` bytes. */
const itemsOf =
  (size: number) =>
  (length: number): boolean =>
    length > 0 && length % size === 0;

const any = (): boolean => true;

/** RFC 7606 §7 and the RFCs named, in its order; MP_REACH_NLRI and MP_UNREACH_NLRI are read elsewhere. */
export const ATTRIBUTES: Readonly<Record<number, AttributeSpec>> = {
  [ATTRIBUTE.ORIGIN]: {
    name: "ORIGIN",
    kind: KIND.WELL_KNOWN,
    fits: exactly(1),
    subcode: UPDATE_ERROR.INVALID_ORIGIN,
    read: ([value], draft) => {
      const origin = ORIGINS[value!];
      if (origin === undefined) throw new MalformedError(`there is no origin ${value}`);
      draft.origin = origin;
    },
  },
  [ATTRIBUTE.AS_PATH]: {
    name: "AS_PATH",
    kind: KIND.WELL_KNOWN,
    fits: any,
    subcode: UPDATE_ERROR.MALFORMED_AS_PATH,
    read: (value, draft, options) => {
      draft.asPath = decodeAsPath(new ByteReader(value), asnSize(options));
    },
  },
  [ATTRIBUTE.NEXT_HOP]: {
    name: "NEXT_HOP",
    kind: KIND.WELL_KNOWN,
    fits: exactly(4),
    subcode: UPDATE_ERROR.INVALID_NEXT_HOP,
    read: (value, draft) => {
      draft.nextHop = hostAddress(value);
    },
  },
  [ATTRIBUTE.MULTI_EXIT_DISC]: {
    name: "MULTI_EXIT_DISC",
    kind: KIND.OPTIONAL,
    fits: exactly(4),
    read: (value, draft) => {
      draft.med = new ByteReader(value).u32();
    },
  },
  [ATTRIBUTE.LOCAL_PREF]: {
    name: "LOCAL_PREF",
    kind: KIND.WELL_KNOWN,
    fits: exactly(4),
    internal: true,
    read: (value, draft) => {
      draft.localPref = new ByteReader(value).u32();
    },
  },
  [ATTRIBUTE.ATOMIC_AGGREGATE]: {
    name: "ATOMIC_AGGREGATE",
    kind: KIND.WELL_KNOWN,
    fits: exactly(0),
    dispensable: true,
    read: (_, draft) => {
      draft.atomicAggregate = true;
    },
  },
  [ATTRIBUTE.AGGREGATOR]: {
    name: "AGGREGATOR",
    kind: KIND.OPTIONAL_TRANSITIVE,
    fits: (length, options) => length === asnSize(options) + 4,
    dispensable: true,
    read: (value, draft, options) => {
      draft.aggregator = aggregator(value, asnSize(options));
    },
  },
  [ATTRIBUTE.COMMUNITIES]: {
    name: "COMMUNITIES",
    kind: KIND.OPTIONAL_TRANSITIVE,
    fits: itemsOf(4),
    read: (value, draft) => {
      draft.communities = words(value);
    },
  },
  [ATTRIBUTE.ORIGINATOR_ID]: { name: "ORIGINATOR_ID", kind: KIND.OPTIONAL, fits: exactly(4), internal: true },
  [ATTRIBUTE.CLUSTER_LIST]: { name: "CLUSTER_LIST", kind: KIND.OPTIONAL, fits: itemsOf(4), internal: true },
  [ATTRIBUTE.EXTENDED_COMMUNITIES]: {
    name: "EXTENDED_COMMUNITIES",
    kind: KIND.OPTIONAL_TRANSITIVE,
    fits: itemsOf(8),
    read: (value, draft) => {
      const count = value.length / 8;
      draft.extendedCommunities = Array.from({ length: count }, (_, i) => copyBytes(value.subarray(8 * i, 8 * i + 8)));
    },
  },
  [ATTRIBUTE.AS4_PATH]: {
    name: "AS4_PATH",
    kind: KIND.OPTIONAL_TRANSITIVE,
    fits: any,
    dispensable: true,
    oldSpeakersOnly: true,
    read: (value, draft) => {
      draft.as4Path = decodeAsPath(new ByteReader(value), 4);
    },
  },
  [ATTRIBUTE.AS4_AGGREGATOR]: {
    name: "AS4_AGGREGATOR",
    kind: KIND.OPTIONAL_TRANSITIVE,
    fits: exactly(8),
    dispensable: true,
    oldSpeakersOnly: true,
    read: (value, draft) => {
      draft.as4Aggregator = aggregator(value, 4);
    },
  },
  [ATTRIBUTE.IPV6_EXTENDED_COMMUNITIES]: {
    name: "IPV6_EXTENDED_COMMUNITIES",
    kind: KIND.OPTIONAL_TRANSITIVE,
    fits: itemsOf(20),
  },
  [ATTRIBUTE.LARGE_COMMUNITIES]: {
    name: "LARGE_COMMUNITIES",
    kind: KIND.OPTIONAL_TRANSITIVE,
    fits: itemsOf(LARGE_COMMUNITY_LENGTH),
    read: (value, draft) => {
      draft.largeCommunities = decodeLargeCommunities(new ByteReader(value));
    },
  },
};

function asnSize({ fourOctetAs }: WireOptions): AsnSize {
  return fourOctetAs ? 4 : 2;
}

function words(value: Uint8Array): number[] {
  const reader = new ByteReader(value);
  return Array.from({ length: value.length / 4 }, () => reader.u32());
}

/** RFC 7607: AS number 0 makes it malformed. */
function aggregator(value: Uint8Array, size: AsnSize): Aggregator {
  const reader = new ByteReader(value);
  const asn = size === 4 ? reader.u32() : reader.u16();
  if (asn === 0) throw new MalformedError("AS number 0");
  return { asn, address: addressFromBytes(reader.bytes(4)) };
}

/** RFC 4271 §6.3: an IPv4 address that a host can have: not 0/8, not loopback, not multicast or above. */
function hostAddress(value: Uint8Array): IpAddress {
  const first = value[0]!;
  if (first === 0 || first === 127 || first >= 224)
    throw new MalformedError(`no address of a host: ${value.join(".")}`);
  return addressFromBytes(value);
}
