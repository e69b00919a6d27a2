import type { Message } from "../message.ts";
import type { ProtocolError } from "../notification.ts";
import type { ConnectionId, Endpoints } from "./connection.ts";
import type { StopReason } from "./reason.ts";
import type { TimerName } from "./timers.ts";

/** What happened to a session. Events of connections and timers that the session has given up are ignored. */
export type SessionEvent =
  | { readonly on: "start" }
  /** Ends all there is; nothing begins again before `start`. `text` is for the peer's operator (RFC 9003). */
  | { readonly on: "stop"; readonly why: StopReason; readonly text?: string }
  /** Ends all there is and begins again. */
  | { readonly on: "reset"; readonly why: StopReason; readonly text?: string }
  /** The connection that was asked for stands. */
  | ({ readonly on: "connected"; readonly connection: ConnectionId } & Endpoints)
  /** The connection that was asked for can't be had. */
  | { readonly on: "connect-failed"; readonly connection: ConnectionId; readonly reason: string }
  /** The peer has connected to us, to its address and with its key. */
  | ({ readonly on: "accepted"; readonly connection: ConnectionId } & Endpoints)
  | { readonly on: "received"; readonly connection: ConnectionId; readonly message: Message }
  /** Bytes came that are no message. No more will be read. */
  | { readonly on: "garbled"; readonly connection: ConnectionId; readonly error: ProtocolError }
  /** The peer has closed the connection, or it broke; nothing can be sent any more. */
  | { readonly on: "closed"; readonly connection: ConnectionId; readonly reason?: string }
  /** Bytes wait that the system doesn't take. Said again each time when it took some and others wait. */
  | { readonly on: "blocked"; readonly connection: ConnectionId }
  /** No bytes wait any more. */
  | { readonly on: "drained"; readonly connection: ConnectionId }
  /** UPDATEs were sent on the established connection. */
  | { readonly on: "updates-sent"; readonly count: number }
  /** A timer that was set has come to its time. */
  | { readonly on: "timer"; readonly name: TimerName };
