import type { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { MalformedError } from "../../lib/errors.ts";
import { AS_TRANS } from "../message.ts";
import type { AsPathSegment } from "../path-attributes.ts";

/** Kinds of segments by their type, from 1 on (RFC 4271 §4.3 b, RFC 5065 §3). */
const SEGMENTS = ["set", "sequence", "confed-sequence", "confed-set"] as const;

/** AS numbers of a segment are counted in one byte. */
const MAX_SEGMENT = 255;

const MAX_TWO_OCTET_AS = 0xffff;

/** Bytes of an AS number, as the peers agreed (RFC 6793 §4.1). */
export type AsnSize = 2 | 4;

/** Value of an AS_PATH or AS4_PATH. In two bytes, larger AS numbers are AS_TRANS. */
export function encodeAsPath(path: readonly AsPathSegment[], size: AsnSize): Uint8Array {
  const segments = path.flatMap(splitSegment);
  let length = 0;
  for (const { asns } of segments) length += 2 + size * asns.length;
  const writer = new ByteWriter(length);
  for (const { is, asns } of segments) {
    writer.u8(SEGMENTS.indexOf(is) + 1).u8(asns.length);
    for (const asn of asns) writeAsn(writer, asn, size);
  }
  return writer.finish();
}

function splitSegment({ is, asns }: AsPathSegment): AsPathSegment[] {
  const parts: AsPathSegment[] = [];
  for (let at = 0; at < asns.length; at += MAX_SEGMENT) parts.push({ is, asns: asns.slice(at, at + MAX_SEGMENT) });
  return parts;
}

export function writeAsn(writer: ByteWriter, asn: number, size: AsnSize): void {
  if (size === 4) writer.u32(asn);
  else writer.u16(needsFourOctets(asn) ? AS_TRANS : asn);
}

export function needsFourOctets(asn: number): boolean {
  return asn > MAX_TWO_OCTET_AS;
}

/**
 * What goes into AS4_PATH for a peer that reads two bytes: the path without confederations, if it has an AS number that
 * needs four (RFC 6793 §4.2.2); undefined if AS_PATH says it all.
 */
export function as4PathOf(path: readonly AsPathSegment[]): readonly AsPathSegment[] | undefined {
  const known = withoutConfederations(path);
  return known.some(({ asns }) => asns.some(needsFourOctets)) ? known : undefined;
}

function withoutConfederations(path: readonly AsPathSegment[]): readonly AsPathSegment[] {
  return path.filter(({ is }) => is === "sequence" || is === "set");
}

/** Reads segments up to the end. Throws MalformedError for all that RFC 7606 §7.2 and RFC 7607 call malformed. */
export function decodeAsPath(reader: ByteReader, size: AsnSize): AsPathSegment[] {
  const path: AsPathSegment[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8();
    const is = SEGMENTS[type - 1];
    if (is === undefined) throw new MalformedError(`segment of type ${type}`);
    const count = reader.u8();
    if (count === 0) throw new MalformedError("empty segment");
    if (count * size > reader.remaining) throw new MalformedError(`segment of ${count} AS numbers is cut off`);
    const asns: number[] = [];
    for (let i = 0; i < count; i++) asns.push(size === 4 ? reader.u32() : reader.u16());
    if (asns.includes(0)) throw new MalformedError("AS number 0");
    path.push({ is, asns });
  }
  return path;
}

/**
 * The true path of an old speaker's AS_PATH and AS4_PATH (RFC 6793 §4.2.3): the AS numbers that joined in front since
 * AS4_PATH was last written, then AS4_PATH. An AS4_PATH longer than the path is of no use.
 */
export function mergeAs4Path(
  path: readonly AsPathSegment[],
  as4Path: readonly AsPathSegment[],
): readonly AsPathSegment[] {
  const tail = withoutConfederations(as4Path);
  let leading = countAses(path) - countAses(tail);
  if (leading < 0) return path;
  const front: AsPathSegment[] = [];
  for (const segment of path) {
    const counts = weight(segment);
    if (counts > leading) {
      // Only sequences count for more than one.
      if (leading > 0) front.push({ is: "sequence", asns: segment.asns.slice(0, leading) });
      break;
    }
    front.push(segment);
    leading -= counts;
  }
  return joinAtSeam(front, tail);
}

function countAses(path: readonly AsPathSegment[]): number {
  let count = 0;
  for (const segment of path) count += weight(segment);
  return count;
}

/** RFC 4271 §9.1.2.2 a, RFC 5065 §5.3. */
function weight({ is, asns }: AsPathSegment): number {
  if (is === "sequence") return asns.length;
  return is === "set" ? 1 : 0;
}

/** Two sequences that meet there were one, if they fit into one. */
function joinAtSeam(front: readonly AsPathSegment[], tail: readonly AsPathSegment[]): readonly AsPathSegment[] {
  const left = front.at(-1);
  const right = tail[0];
  if (left?.is !== "sequence" || right?.is !== "sequence") return [...front, ...tail];
  if (left.asns.length + right.asns.length > MAX_SEGMENT) return [...front, ...tail];
  return [...front.slice(0, -1), { is: "sequence", asns: [...left.asns, ...right.asns] }, ...tail.slice(1)];
}
