import { familyOf } from "../ip/address.ts";
import { formatPrefix } from "../ip/prefix.ts";
import { formatRange } from "../ip/range.ts";
import type { AnnouncedPool, AttachedAdvertisement, BgpTogether } from "./bgp-together.ts";
import { announces } from "./local-pref-conflict.ts";
import type { Complain } from "./resource.ts";

/**
 * A prefix must not be wider than the pool entry its addresses come from: it would take the traffic of neighbours. Of
 * a range, which is several CIDRs, only the widest one counts.
 */
export function checkAggregation({ advertisements, complainAbout }: BgpTogether): void {
  for (const advertisement of advertisements) {
    const complain = complainAbout("BGPAdvertisement", advertisement.name);
    for (const pool of advertisement.attached) checkPool(advertisement, pool, complain);
  }
}

function checkPool(advertisement: AttachedAdvertisement, pool: AnnouncedPool, complain: Complain): void {
  for (const [i, prefix] of pool.widest.entries()) {
    const family = familyOf(prefix.address);
    const length = advertisement.aggregationLength[family];
    if (length >= prefix.length || !announces(advertisement, family)) continue;
    const field = family === "IPv4" ? "spec.aggregationLength" : "spec.aggregationLengthV6";
    const within = `${formatPrefix(prefix)} (in ${formatRange(pool.ranges[i]!)}) of pool ${JSON.stringify(pool.name)}`;
    const message = `invalid aggregation length ${length}: it is wider than ${within}`;
    complain(field, message, `write at least ${prefix.length}, or limit the advertisement to other pools`);
  }
}
