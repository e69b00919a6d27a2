import { toHex } from "../bytes/hex.ts";
import type { Notification } from "./message.ts";

/** What is wrong with bytes from a peer, ready for the NOTIFICATION that ends the session. */
export interface ProtocolError {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  /** For our log. */
  readonly message: string;
}

/** IANA "BGP Error (Notification) Codes". */
export const NOTIFICATION = {
  MESSAGE_HEADER: 1,
  OPEN: 2,
  UPDATE: 3,
  HOLD_TIMER_EXPIRED: 4,
  FSM: 5,
  CEASE: 6,
  ROUTE_REFRESH: 7, // RFC 7313
  SEND_HOLD_TIMER_EXPIRED: 8, // RFC 9687
} as const;

/** RFC 4271 §6.1. */
export const HEADER_ERROR = { NOT_SYNCHRONIZED: 1, BAD_LENGTH: 2, BAD_TYPE: 3 } as const;

/** RFC 4271 §6.2, RFC 5492 §5, RFC 9234 §4.2. */
export const OPEN_ERROR = {
  UNSPECIFIC: 0,
  UNSUPPORTED_VERSION: 1,
  BAD_PEER_AS: 2,
  BAD_IDENTIFIER: 3,
  UNSUPPORTED_PARAMETER: 4,
  UNACCEPTABLE_HOLD_TIME: 6,
  UNSUPPORTED_CAPABILITY: 7,
  ROLE_MISMATCH: 11,
} as const;

/** RFC 4271 §6.3. Those that RFC 7606 replaced are here because peers may still send them. */
export const UPDATE_ERROR = {
  MALFORMED_ATTRIBUTE_LIST: 1,
  UNRECOGNIZED_WELL_KNOWN: 2,
  MISSING_WELL_KNOWN: 3,
  ATTRIBUTE_FLAGS: 4,
  ATTRIBUTE_LENGTH: 5,
  INVALID_ORIGIN: 6,
  INVALID_NEXT_HOP: 8,
  OPTIONAL_ATTRIBUTE: 9,
  INVALID_NETWORK: 10,
  MALFORMED_AS_PATH: 11,
} as const;

/** RFC 6608: a message that has no place in the state. */
export const FSM_ERROR = { OPEN_SENT: 1, OPEN_CONFIRM: 2, ESTABLISHED: 3 } as const;

/** RFC 4486, RFC 8538, RFC 9384. */
export const CEASE = {
  MAX_PREFIXES: 1,
  ADMIN_SHUTDOWN: 2,
  DECONFIGURED: 3,
  ADMIN_RESET: 4,
  CONNECTION_REJECTED: 5,
  CONFIGURATION_CHANGE: 6,
  COLLISION: 7,
  OUT_OF_RESOURCES: 8,
  HARD_RESET: 9,
  BFD_DOWN: 10,
} as const;

/** RFC 7313 §5. */
export const ROUTE_REFRESH_ERROR = { INVALID_LENGTH: 1 } as const;

interface CodeText {
  readonly text: string;
  readonly subcodes: Readonly<Record<number, string>>;
}

const TEXTS: Readonly<Record<number, CodeText>> = {
  [NOTIFICATION.MESSAGE_HEADER]: {
    text: "message header error",
    subcodes: {
      [HEADER_ERROR.NOT_SYNCHRONIZED]: "connection not synchronized",
      [HEADER_ERROR.BAD_LENGTH]: "bad message length",
      [HEADER_ERROR.BAD_TYPE]: "bad message type",
    },
  },
  [NOTIFICATION.OPEN]: {
    text: "OPEN error",
    subcodes: {
      [OPEN_ERROR.UNSUPPORTED_VERSION]: "unsupported version number",
      [OPEN_ERROR.BAD_PEER_AS]: "bad peer AS",
      [OPEN_ERROR.BAD_IDENTIFIER]: "bad BGP identifier",
      [OPEN_ERROR.UNSUPPORTED_PARAMETER]: "unsupported optional parameter",
      [OPEN_ERROR.UNACCEPTABLE_HOLD_TIME]: "unacceptable hold time",
      [OPEN_ERROR.UNSUPPORTED_CAPABILITY]: "unsupported capability",
      [OPEN_ERROR.ROLE_MISMATCH]: "role mismatch",
    },
  },
  [NOTIFICATION.UPDATE]: {
    text: "UPDATE error",
    subcodes: {
      [UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST]: "malformed attribute list",
      [UPDATE_ERROR.UNRECOGNIZED_WELL_KNOWN]: "unrecognized well-known attribute",
      [UPDATE_ERROR.MISSING_WELL_KNOWN]: "missing well-known attribute",
      [UPDATE_ERROR.ATTRIBUTE_FLAGS]: "attribute flags error",
      [UPDATE_ERROR.ATTRIBUTE_LENGTH]: "attribute length error",
      [UPDATE_ERROR.INVALID_ORIGIN]: "invalid ORIGIN",
      [UPDATE_ERROR.INVALID_NEXT_HOP]: "invalid NEXT_HOP",
      [UPDATE_ERROR.OPTIONAL_ATTRIBUTE]: "optional attribute error",
      [UPDATE_ERROR.INVALID_NETWORK]: "invalid network field",
      [UPDATE_ERROR.MALFORMED_AS_PATH]: "malformed AS_PATH",
    },
  },
  [NOTIFICATION.HOLD_TIMER_EXPIRED]: { text: "hold timer expired", subcodes: {} },
  [NOTIFICATION.FSM]: {
    text: "finite state machine error",
    subcodes: {
      [FSM_ERROR.OPEN_SENT]: "unexpected message in OpenSent",
      [FSM_ERROR.OPEN_CONFIRM]: "unexpected message in OpenConfirm",
      [FSM_ERROR.ESTABLISHED]: "unexpected message in Established",
    },
  },
  [NOTIFICATION.CEASE]: {
    text: "cease",
    subcodes: {
      [CEASE.MAX_PREFIXES]: "maximum number of prefixes reached",
      [CEASE.ADMIN_SHUTDOWN]: "administrative shutdown",
      [CEASE.DECONFIGURED]: "peer de-configured",
      [CEASE.ADMIN_RESET]: "administrative reset",
      [CEASE.CONNECTION_REJECTED]: "connection rejected",
      [CEASE.CONFIGURATION_CHANGE]: "other configuration change",
      [CEASE.COLLISION]: "connection collision resolution",
      [CEASE.OUT_OF_RESOURCES]: "out of resources",
      [CEASE.HARD_RESET]: "hard reset",
      [CEASE.BFD_DOWN]: "BFD down",
    },
  },
  [NOTIFICATION.ROUTE_REFRESH]: {
    text: "ROUTE-REFRESH error",
    subcodes: { [ROUTE_REFRESH_ERROR.INVALID_LENGTH]: "invalid message length" },
  },
  [NOTIFICATION.SEND_HOLD_TIMER_EXPIRED]: { text: "send hold timer expired", subcodes: {} },
};

/** How much of data that has no text is shown. */
const SHOWN_DATA = 32;

/** What the NOTIFICATION says, in one line without control characters. */
export function describeNotification({ code, subcode, data }: Omit<Notification, "type">): string {
  const known = TEXTS[code];
  if (known === undefined) return `error ${code}/${subcode}${dataText(data)}`;
  const name = known.subcodes[subcode];
  const what = name ?? (subcode === 0 ? undefined : `subcode ${subcode}`);
  const head = what === undefined ? known.text : `${known.text}: ${what}`;
  if (code !== NOTIFICATION.CEASE) return head + dataText(data);
  const [innerCode, innerSubcode] = data;
  if (subcode === CEASE.HARD_RESET && innerCode !== undefined && innerSubcode !== undefined) {
    // RFC 8538 §3.1: the reason of a hard reset is a NOTIFICATION within. One within that is shown as bytes.
    const inner = { code: innerCode, subcode: innerSubcode, data: data.subarray(2) };
    const nested = innerCode === NOTIFICATION.CEASE && innerSubcode === CEASE.HARD_RESET;
    return `${head} (${nested ? `hard reset${dataText(inner.data)}` : describeNotification(inner)})`;
  }
  const communication = shutdownCommunication(subcode, data);
  return communication === undefined ? head + dataText(data) : `${head}: ${JSON.stringify(communication)}`;
}

function dataText(data: Uint8Array): string {
  if (data.length === 0) return "";
  const more = data.length > SHOWN_DATA ? "…" : "";
  return ` (data ${toHex(data.subarray(0, SHOWN_DATA))}${more})`;
}

/**
 * What the peer's operator says about a shutdown or reset (RFC 9003 §2); undefined when there is nothing, or no UTF-8.
 * Control and formatting characters become spaces, so that the text can't forge log lines or move a cursor.
 */
function shutdownCommunication(subcode: number, data: Uint8Array): string | undefined {
  if (subcode !== CEASE.ADMIN_SHUTDOWN && subcode !== CEASE.ADMIN_RESET) return undefined;
  const [length] = data;
  if (length === undefined || length === 0 || length > data.length - 1) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(1, 1 + length));
    return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
  } catch {
    return undefined;
  }
}

/** Longest shutdown communication in bytes (RFC 9003 §2). */
const MAX_COMMUNICATION = 255;

/** Data of a Cease "administrative shutdown" or "administrative reset"; the text is cut at a character's border. */
export function shutdownData(text: string): Uint8Array {
  const room = new Uint8Array(1 + MAX_COMMUNICATION);
  const { written } = new TextEncoder().encodeInto(text.toWellFormed(), room.subarray(1));
  room[0] = written;
  return room.slice(0, 1 + written);
}
