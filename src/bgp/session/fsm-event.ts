import type { Message } from "../message.ts";
import type { ConnectionId, Endpoints } from "./connection.ts";
import type { EndReason } from "./reason.ts";

/** Events of RFC 4271 §8.1 by their names and numbers there; 20 is shortened, 29 is of RFC 9687 §4.2. */
export const FSM_EVENT_NUMBERS = {
  ManualStart: 1,
  ManualStop: 2,
  AutomaticStart: 3,
  ManualStart_with_PassiveTcpEstablishment: 4,
  AutomaticStart_with_PassiveTcpEstablishment: 5,
  AutomaticStart_with_DampPeerOscillations: 6,
  AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment: 7,
  AutomaticStop: 8,
  ConnectRetryTimer_Expires: 9,
  HoldTimer_Expires: 10,
  KeepaliveTimer_Expires: 11,
  DelayOpenTimer_Expires: 12,
  IdleHoldTimer_Expires: 13,
  TcpConnection_Valid: 14,
  Tcp_CR_Invalid: 15,
  Tcp_CR_Acked: 16,
  TcpConnectionConfirmed: 17,
  TcpConnectionFails: 18,
  BGPOpen: 19,
  BGPOpen_with_DelayOpenTimer_running: 20,
  BGPHeaderErr: 21,
  BGPOpenMsgErr: 22,
  OpenCollisionDump: 23,
  NotifMsgVerErr: 24,
  NotifMsg: 25,
  KeepAliveMsg: 26,
  UpdateMsg: 27,
  UpdateMsgErr: 28,
  SendHoldTimer_Expires: 29,
} as const;

/** RFC 2918 gives its message no number. */
export type FsmEventName = keyof typeof FSM_EVENT_NUMBERS | "RouteRefreshMsg";

/** An event with what its actions need. */
export interface FsmEvent {
  readonly name: FsmEventName;
  /** Why a connection ends, if this event ends it. */
  readonly reason?: EndReason;
  /** The message that this event is about. */
  readonly message?: Message["type"];
  /** Of a connection that now stands. */
  readonly connection?: ConnectionId;
  readonly endpoints?: Endpoints;
}
