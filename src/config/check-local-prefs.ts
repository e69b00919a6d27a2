import type { AnnouncedPool, AttachedAdvertisement, BgpTogether } from "./bgp-together.ts";
import type { BgpAdvertisement } from "./model.ts";

/** A route can have one local preference only. With serviceSelectors it depends on the Service, and is checked there. */
export function checkLocalPrefs({ advertisements, nodes, complainAbout }: BgpTogether): void {
  const unconditional = advertisements.filter(({ serviceSelectors }) => serviceSelectors.length === 0);
  for (const [i, b] of unconditional.entries()) {
    const poolsOfB = new Set(b.pools);
    const complain = complainAbout("BGPAdvertisement", b.name);
    for (const a of unconditional.slice(0, i)) {
      if (a.localPref === b.localPref || !sharePeer(a, b)) continue;
      const pool = sharedRoutes(a, b, poolsOfB);
      if (pool === undefined || !nodes.meet(a, b)) continue;
      const prefs = `local preference ${b.localPref ?? 0} and ${a.localPref ?? 0}`;
      const routes = `the same routes of pool ${JSON.stringify(pool.name)}`;
      const message = `${routes} would have ${prefs}, the latter by BGPAdvertisement ${JSON.stringify(a.name)}`;
      complain("spec.localPref", message, "use different peers, nodes or pools");
    }
  }
}

/** An empty list stands for every peer. */
function sharePeer(a: BgpAdvertisement, b: BgpAdvertisement): boolean {
  if (a.peers.length === 0 || b.peers.length === 0) return true;
  const peers = new Set(a.peers);
  return b.peers.some((peer) => peers.has(peer));
}

/** A pool of both of which they make the same prefixes, for some family. Routes of different lengths can differ. */
function sharedRoutes(
  a: AttachedAdvertisement,
  b: AttachedAdvertisement,
  poolsOfB: ReadonlySet<string>,
): AnnouncedPool | undefined {
  const same = (["IPv4", "IPv6"] as const).filter(
    (family) => a.aggregationLength[family] === b.aggregationLength[family],
  );
  if (same.length === 0) return undefined;
  return a.attached.find(({ name, families }) => poolsOfB.has(name) && same.some((family) => families.has(family)));
}
