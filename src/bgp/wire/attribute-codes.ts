/** IANA "BGP Path Attributes", as far as we write them or must know how they are to be read. */
export const ATTRIBUTE = {
  ORIGIN: 1,
  AS_PATH: 2,
  NEXT_HOP: 3,
  MULTI_EXIT_DISC: 4,
  LOCAL_PREF: 5,
  ATOMIC_AGGREGATE: 6,
  AGGREGATOR: 7,
  COMMUNITIES: 8,
  ORIGINATOR_ID: 9, // RFC 4456
  CLUSTER_LIST: 10, // RFC 4456
  MP_REACH_NLRI: 14,
  MP_UNREACH_NLRI: 15,
  EXTENDED_COMMUNITIES: 16,
  AS4_PATH: 17,
  AS4_AGGREGATOR: 18,
  IPV6_EXTENDED_COMMUNITIES: 25, // RFC 5701
  LARGE_COMMUNITIES: 32,
} as const;

/** High bits of an attribute's first byte (RFC 4271 §4.3). */
export const FLAG = { OPTIONAL: 0x80, TRANSITIVE: 0x40, PARTIAL: 0x20, EXTENDED_LENGTH: 0x10 } as const;

/** The three kinds of attributes (RFC 4271 §5); well-known ones are transitive. */
export const KIND = {
  WELL_KNOWN: FLAG.TRANSITIVE,
  OPTIONAL: FLAG.OPTIONAL,
  OPTIONAL_TRANSITIVE: FLAG.OPTIONAL | FLAG.TRANSITIVE,
} as const;

/** ORIGIN's values, by position (RFC 4271 §4.3 a). */
export const ORIGINS = ["igp", "egp", "incomplete"] as const;
