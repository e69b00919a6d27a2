import type { Millis } from "../../lib/duration.ts";
import type { Message, Notification } from "../message.ts";
import {
  CEASE,
  describeNotification,
  FSM_ERROR,
  NOTIFICATION,
  type ProtocolError,
  shutdownData,
} from "../notification.ts";
import { MESSAGE_TYPE } from "../wire/header.ts";
import type { SessionState } from "./session-state.ts";

/** Why a connection ended, for logs and metrics; docs/bgp.md explains each. */
export const END_CODES = [
  "admin-shutdown",
  "deconfigured",
  "admin-reset",
  "config-changed",
  "bfd-down",
  "connect-failed",
  "connect-timeout",
  "connection-lost",
  "collision",
  "replaced",
  "hold-timer-expired",
  "send-hold-timer-expired",
  "header-error",
  "open-error",
  "update-error",
  "refresh-error",
  "unexpected-message",
  "too-many-prefixes",
  "peer-notified",
] as const;

export type EndCode = (typeof END_CODES)[number];

export interface EndReason {
  readonly code: EndCode;
  /** For people, in one line. */
  readonly text: string;
  /** What is sent to the peer, or came from it. */
  readonly notification?: Notification;
}

/** Why we end a session that is in order, and what the peer is told (RFC 4486 §4, RFC 9384 §3). */
const STOPS = {
  "admin-shutdown": { subcode: CEASE.ADMIN_SHUTDOWN, text: "shut down" },
  deconfigured: { subcode: CEASE.DECONFIGURED, text: "no longer configured" },
  "admin-reset": { subcode: CEASE.ADMIN_RESET, text: "reset" },
  "config-changed": { subcode: CEASE.CONFIGURATION_CHANGE, text: "the configuration has changed" },
  "bfd-down": { subcode: CEASE.BFD_DOWN, text: "BFD says that the path is down" },
} as const satisfies Partial<Record<EndCode, { readonly subcode: number; readonly text: string }>>;

export type StopReason = keyof typeof STOPS;

/** `text` reaches the peer where RFC 9003 has a place for it. */
export function stopped(why: StopReason, text = ""): EndReason {
  const { subcode, text: ours } = STOPS[why];
  const hasPlace = subcode === CEASE.ADMIN_SHUTDOWN || subcode === CEASE.ADMIN_RESET;
  const data = hasPlace && text !== "" ? shutdownData(text) : new Uint8Array();
  return { code: why, text: text === "" ? ours : `${ours}: ${text}`, notification: cease(subcode, data) };
}

export function cease(subcode: number, data: Uint8Array = new Uint8Array()): Notification {
  return notification(NOTIFICATION.CEASE, subcode, data);
}

export function collided(text: string): EndReason {
  return { code: "collision", text, notification: cease(CEASE.COLLISION) };
}

/** RFC 4486 §4: the data are the family and the limit. */
export function tooManyPrefixes(afi: number, safi: number, limit: number): EndReason {
  const data = new Uint8Array(7);
  const view = new DataView(data.buffer);
  view.setUint16(0, afi);
  view.setUint8(2, safi);
  view.setUint32(3, limit);
  const text = `the peer announces more than ${limit} prefixes of AFI ${afi}, SAFI ${safi}`;
  return { code: "too-many-prefixes", text, notification: cease(CEASE.MAX_PREFIXES, data) };
}

export function holdTimerExpired(holdTime: Millis): EndReason {
  const text = `nothing came from the peer for ${holdTime / 1000} s`;
  return { code: "hold-timer-expired", text, notification: notification(NOTIFICATION.HOLD_TIMER_EXPIRED) };
}

/** RFC 9687 §5. */
export function sendHoldTimerExpired(time: Millis): EndReason {
  const text = `the peer took nothing for ${time / 1000} s`;
  return { code: "send-hold-timer-expired", text, notification: notification(NOTIFICATION.SEND_HOLD_TIMER_EXPIRED) };
}

/** RFC 6608: the subcode says in which state, the data which message. Undefined: it was no message. */
export function unexpected(message: Message["type"] | undefined, state: SessionState): EndReason {
  const data = message === undefined ? new Uint8Array() : Uint8Array.of(TYPE_NUMBER[message]);
  const text = `the peer sent ${message === undefined ? "something" : withArticle(message)} in ${state}`;
  return { code: "unexpected-message", text, notification: notification(NOTIFICATION.FSM, FSM_SUBCODE[state], data) };
}

function withArticle(type: Message["type"]): string {
  return `${type === "open" || type === "update" ? "an" : "a"} ${type.toUpperCase()}`;
}

const TYPE_NUMBER: Readonly<Record<Message["type"], number>> = {
  open: MESSAGE_TYPE.OPEN,
  update: MESSAGE_TYPE.UPDATE,
  notification: MESSAGE_TYPE.NOTIFICATION,
  keepalive: MESSAGE_TYPE.KEEPALIVE,
  "route-refresh": MESSAGE_TYPE.ROUTE_REFRESH,
};

const FSM_SUBCODE: Readonly<Record<SessionState, number>> = {
  Idle: 0,
  Connect: 0,
  Active: 0,
  OpenSent: FSM_ERROR.OPEN_SENT,
  OpenConfirm: FSM_ERROR.OPEN_CONFIRM,
  Established: FSM_ERROR.ESTABLISHED,
};

/** What we found wrong with the peer's bytes or its OPEN. */
export function protocolError({ code, subcode, data, message }: ProtocolError): EndReason {
  return {
    code: CODE_OF_ERROR[code] ?? "header-error",
    text: message,
    notification: notification(code, subcode, data),
  };
}

const CODE_OF_ERROR: Readonly<Record<number, EndCode>> = {
  [NOTIFICATION.MESSAGE_HEADER]: "header-error",
  [NOTIFICATION.OPEN]: "open-error",
  [NOTIFICATION.UPDATE]: "update-error",
  [NOTIFICATION.ROUTE_REFRESH]: "refresh-error",
};

export function peerNotified(notification: Notification): EndReason {
  return { code: "peer-notified", text: `the peer says: ${describeNotification(notification)}`, notification };
}

function notification(code: number, subcode = 0, data: Uint8Array = new Uint8Array()): Notification {
  return { type: "notification", code, subcode, data };
}
