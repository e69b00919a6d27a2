import { assertNever } from "../../lib/exhaustive.ts";
import type { Keepalive, Notification, Open, RouteRefresh } from "../message.ts";
import { HEADER_LENGTH, maxLength, MESSAGE_TYPE, startMessage } from "./header.ts";
import { encodeOpen } from "./open.ts";
import type { WireOptions } from "./options.ts";

/**
 * The bytes of a message, never more than the options allow. Data of a NOTIFICATION is cut to what fits; an OPEN that is
 * too long is the caller's mistake: BugError. UPDATEs are made by `encodeUpdates`.
 */
export function encode(message: Open | Keepalive | Notification | RouteRefresh, options: WireOptions): Uint8Array {
  switch (message.type) {
    case "open":
      return encodeOpen(message);
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
