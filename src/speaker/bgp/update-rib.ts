import type { PeerRib } from "../../bgp/rib/peer-rib.ts";
import type { PeerRoutes } from "./bgp-state.ts";

/** Makes a peer's Adj-RIB-Out want what the plan says. */
export function updateRib(rib: PeerRib, { set, gone, whole }: PeerRoutes): void {
  if (whole) return rib.replace(set);
  for (const prefix of gone) rib.unwant(prefix);
  for (const route of set) rib.want(route);
}
