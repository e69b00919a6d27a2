import type { Family } from "../ip/family.ts";
import type { BgpAdvertisement } from "./model.ts";

/**
 * Whether two advertisements that are in force on one node give some peer the same routes with different local
 * preferences; `families` are those of the addresses they announce. Routes of different lengths can differ.
 */
export function localPrefsConflict(a: BgpAdvertisement, b: BgpAdvertisement, families: Iterable<Family>): boolean {
  if (a.localPref === b.localPref || !sharePeer(a, b)) return false;
  for (const family of families)
    if (announces(a, family) && announces(b, family) && a.aggregationLength[family] === b.aggregationLength[family])
      return true;
  return false;
}

export function announces({ families }: Pick<BgpAdvertisement, "families">, family: Family): boolean {
  return families.length === 0 || families.includes(family);
}

/** An empty list stands for every peer. */
function sharePeer(a: BgpAdvertisement, b: BgpAdvertisement): boolean {
  if (a.peers.length === 0 || b.peers.length === 0) return true;
  const peers = new Set(a.peers);
  return b.peers.some((peer) => peers.has(peer));
}
