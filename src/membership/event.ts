import type { Millis } from "../lib/duration.ts";
import type { Endpoint, PacketMessage, PushPull } from "./message.ts";

/** What happened to a member. */
export type MembershipEvent =
  /** The time came that was asked for, or any other time. */
  | { readonly on: "woken" }
  /** A datagram came. `from` is where from, which is not always who. */
  | { readonly on: "received"; readonly from: Endpoint; readonly messages: readonly PacketMessage[] }
  /** The ping with this number that was sent over a stream was answered there. */
  | { readonly on: "stream-ping-answered"; readonly seq: number }
  /** Somebody's full state came over a stream, `id` if we had asked for it. Ours was or will be sent in return. */
  | { readonly on: "exchanged"; readonly id?: number; readonly state: PushPull }
  | { readonly on: "exchange-failed"; readonly id: number }
  /** Where members may be, according to somebody else. Replaces what was known before; our own endpoint may be in it. */
  | { readonly on: "seeds-known"; readonly seeds: readonly Endpoint[] }
  | { readonly on: "meta-changed"; readonly meta: Uint8Array }
  /** We are about to go; `left` is asked for when this is known to others, or after `timeout`. */
  | { readonly on: "leaving"; readonly timeout: Millis };
