/** What two speakers agreed on by their OPENs as far as it changes bytes. Before that, both are false. */
export interface WireOptions {
  /** AS numbers have four bytes in AS_PATH and AGGREGATOR (RFC 6793). */
  readonly fourOctetAs: boolean;
  /** Messages but OPEN and KEEPALIVE may have 65535 bytes (RFC 8654). */
  readonly extendedMessages: boolean;
  /** The peer is in another AS: its LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST say nothing (RFC 7606 §7). Only read. */
  readonly external?: boolean;
}

/** Until both OPENs are known. */
export const INITIAL_WIRE_OPTIONS: WireOptions = { fourOctetAs: false, extendedMessages: false };
