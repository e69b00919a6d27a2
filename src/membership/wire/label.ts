import { concatBytes } from "../../bytes/concat.ts";
import type { ByteReader } from "../../bytes/reader.ts";
import { MAX_LABEL_LENGTH, MESSAGE_TYPE } from "./constants.ts";
import { BugError } from "../../lib/errors.ts";
import { RefusedError } from "./refusal.ts";

/** A label in front of packets and streams, not encrypted, but authenticated by the encryption behind it. */
export function labelHeader(label: Uint8Array): Uint8Array {
  if (label.length === 0) return label;
  if (label.length > MAX_LABEL_LENGTH) throw new BugError(`a label of ${label.length} bytes`);
  return concatBytes([Uint8Array.of(MESSAGE_TYPE.HAS_LABEL, label.length), label]);
}

/** Reads the label, if there is one, and throws RefusedError unless it is `expected`. `first` is the byte to come. */
export function expectLabel(reader: ByteReader, first: number | undefined, expected: Uint8Array): void {
  let label: Uint8Array = new Uint8Array(0);
  if (first === MESSAGE_TYPE.HAS_LABEL) {
    reader.skip(1);
    label = reader.bytes(reader.u8());
  }
  const same = label.length === expected.length && label.every((byte, i) => byte === expected[i]);
  if (!same) throw new RefusedError("wrong-label", `the label has ${label.length} bytes and is not ours`);
}
