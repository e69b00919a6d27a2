/** What a cluster agrees on about its bytes, and how a member writes them. */
export interface WireOptions {
  /** Keeps clusters apart that share a network; "" for none. At most 255 bytes of UTF-8. */
  readonly label: string;
  /** AES keys of 16, 24 or 32 bytes: the first encrypts, all decrypt. Empty: nothing is encrypted. */
  readonly keys: readonly Uint8Array[];
  /** With keys: refuse what is not encrypted. */
  readonly verifyIncoming: boolean;
  /** With keys: encrypt what is sent. */
  readonly verifyOutgoing: boolean;
  /** Compress what is sent. What comes in may be compressed in any case. */
  readonly compress: boolean;
}
