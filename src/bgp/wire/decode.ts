import { copyBytes } from "../../bytes/copy.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ok, type Result } from "../../lib/result.ts";
import { type Message, type RouteRefresh, ROUTE_REFRESH_SUBTYPE } from "../message.ts";
import {
  HEADER_ERROR,
  NOTIFICATION,
  OPEN_ERROR,
  type ProtocolError,
  ROUTE_REFRESH_ERROR,
  UPDATE_ERROR,
} from "../notification.ts";
import { decodeUpdate } from "./decode-update.ts";
import { attempt, fault } from "./fault.ts";
import { HEADER_LENGTH, MESSAGE_TYPE, wholeMessage } from "./header.ts";
import { decodeOpen } from "./open.ts";
import type { WireOptions } from "./options.ts";

/**
 * Reads one whole message with its header, as `Framer` gives it. Never throws; nothing that is returned is a view into
 * the bytes. An error is what ends the session; errors in an UPDATE that don't are in the update (RFC 7606).
 */
export function decode(bytes: Uint8Array, options: WireOptions): Result<Message, ProtocolError> {
  const header = attempt(NOTIFICATION.MESSAGE_HEADER, HEADER_ERROR.BAD_LENGTH, () => wholeMessage(bytes, options));
  if (!header.ok) return header;
  const body = bytes.subarray(HEADER_LENGTH);
  switch (header.value.type) {
    case MESSAGE_TYPE.OPEN:
      return attempt(NOTIFICATION.OPEN, OPEN_ERROR.UNSPECIFIC, () => decodeOpen(body));
    case MESSAGE_TYPE.UPDATE:
      return attempt(NOTIFICATION.UPDATE, UPDATE_ERROR.INVALID_NETWORK, () => decodeUpdate(body, options));
    case MESSAGE_TYPE.NOTIFICATION:
      return ok({ type: "notification", code: body[0]!, subcode: body[1]!, data: copyBytes(body.subarray(2)) });
    case MESSAGE_TYPE.ROUTE_REFRESH:
      return attempt(NOTIFICATION.ROUTE_REFRESH, ROUTE_REFRESH_ERROR.INVALID_LENGTH, () => decodeRouteRefresh(bytes));
    default:
      return ok({ type: "keepalive" });
  }
}

/** Behind a request there may be filters (RFC 5291 §4), which only those send who agreed on them; behind a bracket nothing. */
function decodeRouteRefresh(message: Uint8Array): RouteRefresh {
  const reader = new ByteReader(message.subarray(HEADER_LENGTH));
  const [afi, subtype, safi] = [reader.u16(), reader.u8(), reader.u8()];
  const { BEGIN, END } = ROUTE_REFRESH_SUBTYPE;
  if ((subtype === BEGIN || subtype === END) && message.length !== HEADER_LENGTH + 4) {
    const text = `a route refresh of subtype ${subtype} can't have ${message.length} bytes`;
    throw fault(NOTIFICATION.ROUTE_REFRESH, ROUTE_REFRESH_ERROR.INVALID_LENGTH, text, copyBytes(message));
  }
  return { type: "route-refresh", afi, safi, subtype };
}
