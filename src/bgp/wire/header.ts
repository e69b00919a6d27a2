import { ByteWriter } from "../../bytes/writer.ts";
import { HEADER_ERROR, NOTIFICATION } from "../notification.ts";
import { fault } from "./fault.ts";
import type { WireOptions } from "./options.ts";

/** Marker, length and type in front of every message (RFC 4271 §4.1). */
export const HEADER_LENGTH = 19;
const MARKER_LENGTH = 16;

/** RFC 4271 §4.1, and RFC 8654 §4. */
export const MAX_MESSAGE_LENGTH = 4096;
const MAX_EXTENDED_LENGTH = 65_535;

/** RFC 4271 §4.1, RFC 2918 §3. */
export const MESSAGE_TYPE = { OPEN: 1, UPDATE: 2, NOTIFICATION: 3, KEEPALIVE: 4, ROUTE_REFRESH: 5 } as const;

/** Shortest message of each type, header included. */
const MIN_LENGTH: Readonly<Record<number, number>> = {
  [MESSAGE_TYPE.OPEN]: HEADER_LENGTH + 10,
  [MESSAGE_TYPE.UPDATE]: HEADER_LENGTH + 4,
  [MESSAGE_TYPE.NOTIFICATION]: HEADER_LENGTH + 2,
  [MESSAGE_TYPE.KEEPALIVE]: HEADER_LENGTH,
  [MESSAGE_TYPE.ROUTE_REFRESH]: HEADER_LENGTH + 4,
};

/** The most bytes that a message of the type may have, with the header. */
export function maxLength(type: number, options: WireOptions): number {
  if (type === MESSAGE_TYPE.KEEPALIVE) return HEADER_LENGTH;
  return options.extendedMessages && type !== MESSAGE_TYPE.OPEN ? MAX_EXTENDED_LENGTH : MAX_MESSAGE_LENGTH;
}

export interface Header {
  readonly type: number;
  /** Of the whole message. */
  readonly length: number;
}

/** Reads the first 19 of `bytes` and makes the checks of RFC 4271 §6.1; throws the fault. */
export function decodeHeader(bytes: Uint8Array, options: WireOptions): Header {
  if (bytes.length < HEADER_LENGTH) throw headerFault(HEADER_ERROR.BAD_LENGTH, `a message of ${bytes.length} bytes`);
  for (let i = 0; i < MARKER_LENGTH; i++) {
    if (bytes[i] !== 0xff) throw headerFault(HEADER_ERROR.NOT_SYNCHRONIZED, "the marker is not all ones");
  }
  const length = (bytes[MARKER_LENGTH]! << 8) | bytes[MARKER_LENGTH + 1]!;
  const type = bytes[MARKER_LENGTH + 2]!;
  const shortest = MIN_LENGTH[type];
  if (shortest === undefined) {
    // A length that no message may have comes first: then the type is no type, either.
    if (length < HEADER_LENGTH || length > maxLength(type, options)) throw badLength(length, type);
    throw headerFault(HEADER_ERROR.BAD_TYPE, `there is no message type ${type}`, Uint8Array.of(type));
  }
  if (length < shortest || length > maxLength(type, options)) throw badLength(length, type);
  return { type, length };
}

/** The header of a message that has to be there to its last byte, and no more; throws the fault. */
export function wholeMessage(bytes: Uint8Array, options: WireOptions): Header {
  const header = decodeHeader(bytes, options);
  if (header.length !== bytes.length) throw badLength(header.length, header.type);
  return header;
}

function badLength(length: number, type: number): Error {
  const what = `a message of type ${type} can't have ${length} bytes`;
  return headerFault(HEADER_ERROR.BAD_LENGTH, what, Uint8Array.of(length >>> 8, length));
}

function headerFault(subcode: number, message: string, data?: Uint8Array): Error {
  return fault(NOTIFICATION.MESSAGE_HEADER, subcode, message, data);
}

/** A writer for a message whose body has `bodyLength` bytes, with the header in it already. */
export function startMessage(type: number, bodyLength: number): ByteWriter {
  const length = HEADER_LENGTH + bodyLength;
  const writer = new ByteWriter(length);
  for (let i = 0; i < MARKER_LENGTH; i += 4) writer.u32(0xffff_ffff);
  return writer.u16(length).u8(type);
}
