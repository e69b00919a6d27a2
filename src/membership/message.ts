import type { IpAddress } from "../ip/address.ts";

/**
 * Messages of HashiCorp memberlist (protocol versions 1 to 5) as plain data. The bytes are in `wire/`; a decoder has
 * checked all lengths, so whoever reads these types has only meaning to judge.
 */

/** Where a member listens, for datagrams and for streams. */
export interface Endpoint {
  readonly address: IpAddress;
  /** 1 to 65535 in what we send; 0 is possible in what we receive. */
  readonly port: number;
}

/** A member by name and place. */
export interface NamedEndpoint extends Endpoint {
  /** The Kubernetes node name; up to 255 bytes of UTF-8. */
  readonly node: string;
}

/** What a member can speak (`Vsn` on the wire): ranges and current value of memberlist and of the program above it. */
export interface Versions {
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly protocol: number;
  readonly delegateMin: number;
  readonly delegateMax: number;
  readonly delegate: number;
}

/** Direct probe. Also the first message of the fallback probe over a stream. */
export interface Ping {
  readonly type: "ping";
  /** Unsigned 32 bits. */
  readonly seq: number;
  /** Whom the sender means to probe: a receiver of another name must not answer. */
  readonly node: string;
  /** The sender. Absent from members older than memberlist 0.2. */
  readonly source?: NamedEndpoint;
}

/** Request to probe `target` for the sender. */
export interface IndirectPing {
  readonly type: "indirect-ping";
  readonly seq: number;
  readonly target: NamedEndpoint;
  /** The sender understands a Nack (protocol 4 and later). */
  readonly nack: boolean;
  readonly source?: NamedEndpoint;
}

export interface Ack {
  readonly type: "ack";
  readonly seq: number;
  /** Data of the program above; empty from our members. */
  readonly payload: Uint8Array;
}

/** "I got your IndirectPing, but no answer from the target." */
export interface Nack {
  readonly type: "nack";
  readonly seq: number;
}

export interface Suspect {
  readonly type: "suspect";
  /** Unsigned 32 bits. */
  readonly incarnation: number;
  readonly node: string;
  /** Who suspects. */
  readonly from: string;
}

export interface Alive {
  readonly type: "alive";
  readonly incarnation: number;
  readonly node: string;
  readonly endpoint: Endpoint;
  /** At most MAX_META_LENGTH bytes. */
  readonly meta: Uint8Array;
  /** Absent when the sender gave none. */
  readonly versions?: Versions;
}

/** Declares a member dead; from the member itself it says that it leaves. */
export interface Dead {
  readonly type: "dead";
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
}

/** Data of the program above memberlist (serf's own messages). */
interface UserMessage {
  readonly type: "user";
  readonly data: Uint8Array;
}

/** What travels as a datagram, alone or several in one packet. */
export type PacketMessage = Ping | IndirectPing | Ack | Nack | Suspect | Alive | Dead | UserMessage;

export type MemberStatus = "alive" | "suspect" | "dead" | "left";

/** One member in a PushPull. */
export interface MemberState {
  readonly node: string;
  readonly endpoint: Endpoint;
  readonly meta: Uint8Array;
  readonly incarnation: number;
  readonly status: MemberStatus;
  readonly versions?: Versions;
}

/** Full exchange of state: both sides of a stream send one. */
export interface PushPull {
  readonly type: "push-pull";
  /** The sender is joining and not just comparing. */
  readonly join: boolean;
  readonly members: readonly MemberState[];
  /** State of the program above; empty from our members. */
  readonly userState: Uint8Array;
}

/** Why the other side ends a stream. */
export interface ErrorMessage {
  readonly type: "error";
  readonly text: string;
}

/** What travels on a stream, one message per direction. */
export type StreamMessage = PushPull | Ping | Ack | UserMessage | ErrorMessage;

/** Longest metadata of a member, in bytes. */
export const MAX_META_LENGTH = 512;
