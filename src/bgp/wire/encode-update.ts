import { concatBytes } from "../../bytes/concat.ts";
import { BugError } from "../../lib/errors.ts";
import type { Update } from "../message.ts";
import { ATTRIBUTE, KIND } from "./attribute-codes.ts";
import { attributeHeader, encodeAttributes } from "./encode-attributes.ts";
import { HEADER_LENGTH, maxLength, MESSAGE_TYPE, startMessage } from "./header.ts";
import { reachHead, unreachHead } from "./multiprotocol.ts";
import { encodePrefixes } from "./nlri.ts";
import type { WireOptions } from "./options.ts";

/**
 * The bytes of one UPDATE just as it is: an End-of-RIB, or what was decoded. `encodeUpdates` is there for routes of any
 * number; what doesn't fit into one message is a mistake here: BugError.
 */
export function encodeUpdate(update: Update, options: WireOptions): Uint8Array {
  const withdrawn = encodePrefixes(update.withdrawn);
  const attributes = concatBytes(attributesOf(update, options));
  const announced = encodePrefixes(update.announced);
  const bodyLength = 4 + withdrawn.length + attributes.length + announced.length;
  if (HEADER_LENGTH + bodyLength > maxLength(MESSAGE_TYPE.UPDATE, options)) {
    throw new BugError(`an UPDATE of ${HEADER_LENGTH + bodyLength} bytes is too long`);
  }
  return startMessage(MESSAGE_TYPE.UPDATE, bodyLength)
    .u16(withdrawn.length)
    .bytes(withdrawn)
    .u16(attributes.length)
    .bytes(attributes)
    .bytes(announced)
    .finish();
}

function attributesOf({ reach, unreach, attributes, endOfRib }: Update, options: WireOptions): Uint8Array[] {
  const parts: Uint8Array[] = [];
  if (reach !== undefined) {
    parts.push(...multiprotocol(ATTRIBUTE.MP_REACH_NLRI, reachHead(reach), encodePrefixes(reach.prefixes)));
  }
  const gone = unreach ?? (endOfRib === "IPv6" ? { family: endOfRib, prefixes: [] } : undefined);
  if (gone !== undefined) {
    parts.push(...multiprotocol(ATTRIBUTE.MP_UNREACH_NLRI, unreachHead(gone.family), encodePrefixes(gone.prefixes)));
  }
  if (attributes !== undefined) parts.push(encodeAttributes(attributes, attributes.nextHop, options));
  return parts;
}

function multiprotocol(type: number, head: Uint8Array, prefixes: Uint8Array): Uint8Array[] {
  return [attributeHeader(KIND.OPTIONAL, type, head.length + prefixes.length), head, prefixes];
}
