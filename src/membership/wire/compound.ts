import { concatBytes } from "../../bytes/concat.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { BugError } from "../../lib/errors.ts";
import { MAX_COMPOUND_PARTS, MESSAGE_TYPE } from "./constants.ts";

/** Several messages in one, type byte included. At most MAX_COMPOUND_PARTS. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length > MAX_COMPOUND_PARTS) throw new BugError(`${parts.length} messages in a packet`);
  const header = new ByteWriter(2 + 2 * parts.length).u8(MESSAGE_TYPE.COMPOUND).u8(parts.length);
  for (const part of parts) header.u16(part.length);
  return concatBytes([header.finish(), ...parts]);
}

/** The messages behind a compound's type byte, as views, and how many more were cut off. Throws MalformedError. */
export function splitParts(body: Uint8Array): { readonly parts: readonly Uint8Array[]; readonly truncated: number } {
  const reader = new ByteReader(body);
  const count = reader.u8();
  const lengths = new ByteReader(reader.bytes(2 * count));
  const parts: Uint8Array[] = [];
  while (lengths.remaining > 0) {
    const length = lengths.u16();
    if (length > reader.remaining) return { parts, truncated: count - parts.length };
    parts.push(reader.bytes(length));
  }
  return { parts, truncated: 0 };
}
