import { assertNever } from "../../lib/exhaustive.ts";
import type { Message, Notification, RouteRefresh } from "../message.ts";
import { encodeUpdate } from "./encode-update.ts";
import { HEADER_LENGTH, maxLength, MESSAGE_TYPE, startMessage } from "./header.ts";
import { encodeOpen } from "./open.ts";
import type { WireOptions } from "./options.ts";

/**
 * The bytes of a message, never more than the options allow. Data of a NOTIFICATION is cut to what fits. An OPEN or
 * UPDATE that is too long is the caller's mistake: BugError; `encodeUpdates` is there for routes of any number.
 */
export function encode(message: Message, options: WireOptions): Uint8Array {
  switch (message.type) {
    case "open":
      return encodeOpen(message);
    case "update":
      return encodeUpdate(message, options);
    case "keepalive":
      return startMessage(MESSAGE_TYPE.KEEPALIVE, 0).finish();
    case "notification":
      return encodeNotification(message, options);
    case "route-refresh":
      return encodeRouteRefresh(message);
    default:
      return assertNever(message);
  }
}

function encodeNotification({ code, subcode, data }: Notification, options: WireOptions): Uint8Array {
  const room = maxLength(MESSAGE_TYPE.NOTIFICATION, options) - HEADER_LENGTH - 2;
  const shown = data.subarray(0, room);
  return startMessage(MESSAGE_TYPE.NOTIFICATION, 2 + shown.length)
    .u8(code)
    .u8(subcode)
    .bytes(shown)
    .finish();
}

function encodeRouteRefresh({ afi, subtype, safi }: RouteRefresh): Uint8Array {
  return startMessage(MESSAGE_TYPE.ROUTE_REFRESH, 4).u16(afi).u8(subtype).u8(safi).finish();
}
