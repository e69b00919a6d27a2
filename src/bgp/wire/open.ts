import { ByteReader } from "../../bytes/reader.ts";
import { BugError } from "../../lib/errors.ts";
import type { Capability, Open } from "../message.ts";
import { NOTIFICATION, OPEN_ERROR } from "../notification.ts";
import { capabilityLength, decodeCapabilities, encodeCapability } from "./capabilities.ts";
import { fault } from "./fault.ts";
import { HEADER_LENGTH, MAX_MESSAGE_LENGTH, MESSAGE_TYPE, startMessage } from "./header.ts";

const VERSION = 4;

/** Version, AS number, hold time, identifier. */
const FIXED_LENGTH = 9;

/** IANA "BGP OPEN Optional Parameter Types". */
const PARAMETER = { CAPABILITIES: 2, EXTENDED_LENGTH: 255 } as const;

/** Longest list of parameters whose length goes into one byte. */
const MAX_SHORT_LENGTH = 255;

/**
 * Body of an OPEN (RFC 4271 §4.2), with the checks of §6.2, RFC 6286 and RFC 7607 that need no configuration. Throws
 * the fault; bytes that end too early are MalformedError.
 */
export function decodeOpen(body: Uint8Array): Open {
  const reader = new ByteReader(body);
  const version = reader.u8();
  if (version !== VERSION) {
    throw openFault(OPEN_ERROR.UNSUPPORTED_VERSION, `BGP version ${version}`, Uint8Array.of(0, VERSION));
  }
  const asn = reader.u16();
  if (asn === 0) throw openFault(OPEN_ERROR.BAD_PEER_AS, "AS number 0");
  const holdTime = reader.u16();
  if (holdTime === 1 || holdTime === 2) {
    throw openFault(OPEN_ERROR.UNACCEPTABLE_HOLD_TIME, `a hold time of ${holdTime} s`);
  }
  const routerId = reader.u32();
  if (routerId === 0) throw openFault(OPEN_ERROR.BAD_IDENTIFIER, "BGP identifier 0.0.0.0");
  const capabilities = decodeParameters(reader, body);
  if (capabilities.some((one) => one.is === "four-octet-as" && one.asn === 0)) {
    throw openFault(OPEN_ERROR.BAD_PEER_AS, "AS number 0 in the four-octet AS capability");
  }
  return { type: "open", version, asn, holdTime, routerId, capabilities };
}

/**
 * Both forms of the list: lengths of one byte, and of two. Whatever the length in front says unless it is 0, a first
 * parameter of type 255 means the latter (RFC 9072 §2).
 */
function decodeParameters(reader: ByteReader, body: Uint8Array): Capability[] {
  const length = reader.u8();
  const extended = length !== 0 && body[reader.offset] === PARAMETER.EXTENDED_LENGTH;
  if (extended) reader.skip(1);
  const parameters = new ByteReader(reader.bytes(extended ? reader.u16() : length));
  reader.end("OPEN");
  const capabilities: Capability[] = [];
  while (parameters.remaining > 0) {
    const type = parameters.u8();
    const value = parameters.bytes(extended ? parameters.u16() : parameters.u8());
    if (type !== PARAMETER.CAPABILITIES) {
      throw openFault(OPEN_ERROR.UNSUPPORTED_PARAMETER, `optional parameter of type ${type}`);
    }
    decodeCapabilities(new ByteReader(value), capabilities);
  }
  return capabilities;
}

function openFault(subcode: number, message: string, data?: Uint8Array): Error {
  return fault(NOTIFICATION.OPEN, subcode, message, data);
}

/**
 * An OPEN with all capabilities in one parameter, as RFC 5492 §4 advises; in the extended form only if they don't fit
 * otherwise. More than a message holds is the caller's mistake: BugError.
 */
export function encodeOpen(open: Open): Uint8Array {
  let length = 0;
  for (const capability of open.capabilities) length += capabilityLength(capability);
  const extended = 2 + length > MAX_SHORT_LENGTH;
  const parameterLength = length === 0 ? 0 : length + (extended ? 6 : 2);
  const bodyLength = FIXED_LENGTH + 1 + parameterLength;
  if (HEADER_LENGTH + bodyLength > MAX_MESSAGE_LENGTH) {
    throw new BugError(`capabilities of ${length} bytes don't fit into an OPEN`);
  }
  const writer = startMessage(MESSAGE_TYPE.OPEN, bodyLength);
  writer.u8(open.version).u16(open.asn).u16(open.holdTime).u32(open.routerId);
  if (extended) {
    writer
      .u8(MAX_SHORT_LENGTH)
      .u8(PARAMETER.EXTENDED_LENGTH)
      .u16(3 + length);
    writer.u8(PARAMETER.CAPABILITIES).u16(length);
  } else {
    writer.u8(parameterLength);
    if (length > 0) writer.u8(PARAMETER.CAPABILITIES).u8(length);
  }
  for (const capability of open.capabilities) encodeCapability(capability, writer);
  return writer.finish();
}
