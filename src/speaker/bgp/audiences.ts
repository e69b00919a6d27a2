import type { BgpAdvertisement, BgpPeer } from "../../config/model.ts";
import { reaches } from "./bgp-plan.ts";

/** Peers that the same advertisements are for, so that they are meant to get the same routes. */
export interface Audience {
  /** Names of the peers. */
  readonly peers: readonly string[];
  readonly hears: ReadonlySet<BgpAdvertisement>;
}

export function audiencesOf(
  peers: readonly BgpPeer[],
  advertisements: readonly BgpAdvertisement[],
): readonly Audience[] {
  const byHearing = new Map<string, { readonly peers: string[]; readonly hears: ReadonlySet<BgpAdvertisement> }>();
  for (const { name } of peers) {
    const heard = [...advertisements.keys()].filter((i) => reaches(advertisements[i]!, name));
    const key = heard.join();
    const audience = byHearing.get(key) ?? { peers: [], hears: new Set(heard.map((i) => advertisements[i]!)) };
    audience.peers.push(name);
    byHearing.set(key, audience);
  }
  return [...byHearing.values()];
}
