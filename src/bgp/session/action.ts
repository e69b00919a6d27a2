import type { Family } from "../../ip/family.ts";
import type { Millis } from "../../lib/duration.ts";
import type { Message } from "../message.ts";
import type { ConnectionId, Endpoints } from "./connection.ts";
import type { Negotiated } from "./negotiate.ts";
import type { EndReason } from "./reason.ts";
import type { SessionState } from "./session-state.ts";
import type { TimerName } from "./timers.ts";

/** What a session wants done, in this order. */
export type SessionAction =
  /** Begins a TCP connection. Answered by `connected` or `connect-failed`. */
  | { readonly do: "connect"; readonly connection: ConnectionId }
  | { readonly do: "send"; readonly connection: ConnectionId; readonly message: Message }
  /** Ends a connection, or the attempt at it: what was sent before goes out, nothing that comes is looked at. */
  | { readonly do: "close"; readonly connection: ConnectionId }
  /** Replaces one of the same name. */
  | { readonly do: "set-timer"; readonly name: TimerName; readonly after: Millis }
  | { readonly do: "cancel-timer"; readonly name: TimerName }
  /** UPDATEs may be sent, and come, as was negotiated: from the next message on, which may already be there. */
  | ({ readonly do: "established"; readonly connection: ConnectionId; readonly negotiated: Negotiated } & Endpoints)
  /** The established connection is no more. */
  | { readonly do: "down"; readonly reason: EndReason }
  /** The peer wants all our routes of the family again; `enhanced`: between BoRR and EoRR (RFC 7313 §4). */
  | { readonly do: "refresh"; readonly family: Family; readonly enhanced: boolean }
  /** Tells people. `reason` is there when something ended. */
  | { readonly do: "moved"; readonly from: SessionState; readonly to: SessionState; readonly reason?: EndReason };
