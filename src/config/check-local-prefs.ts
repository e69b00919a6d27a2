import type { AnnouncedPool, AttachedAdvertisement, BgpTogether } from "./bgp-together.ts";
import { localPrefsConflict } from "./local-pref-conflict.ts";

/** A route can have one local preference only. With serviceSelectors it depends on the Service, and is checked there. */
export function checkLocalPrefs({ advertisements, nodes, complainAbout }: BgpTogether): void {
  const unconditional = advertisements.filter(({ serviceSelectors }) => serviceSelectors.length === 0);
  for (const [i, b] of unconditional.entries()) {
    const poolsOfB = new Set(b.pools);
    const complain = complainAbout("BGPAdvertisement", b.name);
    for (const a of unconditional.slice(0, i)) {
      const pool = poolInConflict(a, b, poolsOfB);
      if (pool === undefined || !nodes.meet(a, b)) continue;
      const prefs = `local preference ${b.localPref ?? 0} and ${a.localPref ?? 0}`;
      const routes = `the same routes of pool ${JSON.stringify(pool.name)}`;
      const message = `${routes} would have ${prefs}, the latter by BGPAdvertisement ${JSON.stringify(a.name)}`;
      complain("spec.localPref", message, "use different peers, nodes or pools");
    }
  }
}

/** The families of a pool of both decide. */
function poolInConflict(
  a: AttachedAdvertisement,
  b: AttachedAdvertisement,
  poolsOfB: ReadonlySet<string>,
): AnnouncedPool | undefined {
  if (a.localPref === b.localPref) return undefined;
  return a.attached.find(({ name, families }) => poolsOfB.has(name) && localPrefsConflict(a, b, families));
}
