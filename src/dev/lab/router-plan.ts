/** A session as the router is to have it. */
export interface PeerPlan {
  /** Where the speaker is; also the key of the session. */
  readonly address: string;
  /** The router's own end. */
  readonly local: string;
  /** The interface that link-local addresses are on. */
  readonly zone?: string;
  /** Of the speaker. */
  readonly asn: number;
  /** What the router calls itself towards this peer; absent: its own. */
  readonly localAsn?: number;
  /** Dials the speaker at this port; absent: waits to be dialled. */
  readonly dials?: number;
  readonly password?: string;
  /** Only from the same link (RFC 5082). */
  readonly gtsm?: boolean;
  /** Seconds; absent: 9. Keepalives come three times as often. */
  readonly holdTime?: number;
}

export interface RouterPlan {
  readonly asn: number;
  readonly routerId: string;
  readonly peers: readonly PeerPlan[];
}

/** Seconds. */
export const HOLD_TIME = 9;
