/** First byte of everything on the wire, by memberlist's names. A packet's ciphertext starts with its version instead. */
export const MESSAGE_TYPE = {
  PING: 0,
  INDIRECT_PING: 1,
  ACK: 2,
  SUSPECT: 3,
  ALIVE: 4,
  DEAD: 5,
  PUSH_PULL: 6,
  COMPOUND: 7,
  USER: 8,
  COMPRESS: 9,
  ENCRYPT: 10,
  NACK: 11,
  HAS_CRC: 12,
  ERROR: 13,
  HAS_LABEL: 244,
} as const;

/** Longest datagram that UDP can carry, and the most that a compressed one may hold. */
export const MAX_PACKET_LENGTH = 65_535;

/** Longest message on a stream, as it comes and after decompression: memberlist's own limit for remote state. */
export const MAX_STREAM_LENGTH = 20 * 1024 * 1024;

/** Members in one exchange of state. Four times of what the largest Kubernetes clusters have. */
export const MAX_MEMBERS = 65_536;

/** Longest member name in bytes; Kubernetes' own limit for node names is 253. */
export const MAX_NAME_LENGTH = 255;

/** Longest text of an error that a peer may send. */
export const MAX_ERROR_LENGTH = 4096;

export const MAX_LABEL_LENGTH = 255;

/** Members older than memberlist 0.2.3 compute with the number of parts in 8 bits and a factor of 2. */
export const MAX_COMPOUND_PARTS = 127;
