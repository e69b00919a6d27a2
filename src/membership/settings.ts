import { type Millis, millis, seconds } from "../lib/duration.ts";

/** How a member behaves. Names and meaning are memberlist's; an interval of 0 switches its activity off. */
export interface MembershipSettings {
  /** Limit for every step of a stream. */
  readonly tcpTimeout: Millis;
  /** Members that are asked to probe for us when a direct probe is not answered. */
  readonly indirectChecks: number;
  /** A message is sent on `retransmitMult × ⌈log10(n + 1)⌉` times. */
  readonly retransmitMult: number;
  /** A suspect that nobody else suspects has `suspicionMult × max(1, log10 n) × probeInterval`, or the maximum. */
  readonly suspicionMult: number;
  /** Times the minimum: how long a suspicion lasts that nobody confirms. */
  readonly suspicionMaxTimeoutMult: number;
  /** Between two exchanges of full state; longer in clusters of more than 32 members. */
  readonly pushPullInterval: Millis;
  /** Without an answer for this long, other ways than a direct datagram are tried. */
  readonly probeTimeout: Millis;
  /** Between two probes, and what one probe may take in all. */
  readonly probeInterval: Millis;
  readonly disableTcpPings: boolean;
  /** The probe interval is stretched up to this many times while we seem to be the one with the trouble. */
  readonly awarenessMaxMultiplier: number;
  /** Members that get each round of gossip. */
  readonly gossipNodes: number;
  readonly gossipInterval: Millis;
  /** The dead are still told what happens for this long, so that they can object; then they are forgotten. */
  readonly gossipToTheDeadTime: Millis;
  /** Whether what comes in has to be encrypted when there is a key. */
  readonly gossipVerifyIncoming: boolean;
  /** Whether what goes out is encrypted when there is a key. */
  readonly gossipVerifyOutgoing: boolean;
  readonly enableCompression: boolean;
  /** Datagrams that may wait to be handled in the reference. Nothing waits here: it is read and kept for its users. */
  readonly handoffQueueDepth: number;
  /** Bytes of a datagram's payload. */
  readonly udpBufferSize: number;
  /** Between two looks at the length of the queue in the reference. */
  readonly queueCheckInterval: Millis;
}

/** memberlist's profile for local networks, which the reference uses. */
export const REFERENCE_LAN: MembershipSettings = {
  tcpTimeout: seconds(10),
  indirectChecks: 3,
  retransmitMult: 4,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  pushPullInterval: seconds(30),
  probeTimeout: millis(500),
  probeInterval: seconds(1),
  disableTcpPings: false,
  awarenessMaxMultiplier: 8,
  gossipNodes: 3,
  gossipInterval: millis(200),
  gossipToTheDeadTime: seconds(30),
  gossipVerifyIncoming: true,
  gossipVerifyOutgoing: true,
  enableCompression: true,
  handoffQueueDepth: 1024,
  udpBufferSize: 1400,
  queueCheckInterval: seconds(30),
};

/** memberlist's profile for wide-area networks: `--ml-wan-config`. */
export const WAN: MembershipSettings = {
  ...REFERENCE_LAN,
  tcpTimeout: seconds(30),
  suspicionMult: 6,
  pushPullInterval: seconds(60),
  probeTimeout: seconds(3),
  probeInterval: seconds(5),
  gossipNodes: 4,
  gossipInterval: millis(500),
  gossipToTheDeadTime: seconds(60),
};

/**
 * Our profile for local networks: a dead member is known within a second. It probes twenty times as often as the
 * reference, so a suspect has 400 ms to object in, and is told of the suspicion many times.
 * Members needn't agree on any of this: each uses its own for the probes it sends and the suspicions it holds. In a mixed
 * cluster the first member that declares a death is believed by all, so one member with this profile gives all of them
 * its speed, and whoever is suspected has this profile's time to object. A member of the reference is quick enough for
 * that, since it gossips every 200 ms.
 */
export const FAST_LAN: MembershipSettings = {
  ...REFERENCE_LAN,
  suspicionMult: 8,
  probeTimeout: millis(20),
  probeInterval: millis(50),
  gossipInterval: millis(50),
};
