import type { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { LargeCommunity } from "../path-attributes.ts";

/** Three numbers of 32 bits. */
export const LARGE_COMMUNITY_LENGTH = 12;

/** Value of LARGE_COMMUNITIES (RFC 8092 §3). What is there twice may not be sent twice. */
export function encodeLargeCommunities(communities: readonly LargeCommunity[]): Uint8Array {
  const unique = withoutRepeats(communities);
  const writer = new ByteWriter(LARGE_COMMUNITY_LENGTH * unique.length);
  for (const numbers of unique) for (const number of numbers) writer.u32(number);
  return writer.finish();
}

/** Reads communities up to the end; what is there twice counts once. Throws MalformedError. */
export function decodeLargeCommunities(reader: ByteReader): readonly LargeCommunity[] {
  const communities: LargeCommunity[] = [];
  while (reader.remaining > 0) communities.push([reader.u32(), reader.u32(), reader.u32()]);
  return withoutRepeats(communities);
}

/** In the order in which they come first. */
function withoutRepeats(communities: readonly LargeCommunity[]): readonly LargeCommunity[] {
  return [...new Map(communities.map((community) => [community.join(":"), community])).values()];
}
