import { PeerRib } from "../../src/bgp/rib/peer-rib.ts";
import type { Route, RouteAttributes } from "../../src/bgp/rib/route.ts";
import { addressFromBytes } from "../../src/ip/address.ts";
import { DUAL_SESSION, NO_ATTRIBUTES } from "../support/bgp-routes.ts";

interface LoadResult {
  readonly prefixes: number;
  readonly attributeSets: number;
  /** Tables loaded into one Adj-RIB-Out, and all of them taken as groups; medians, milliseconds. */
  readonly wantMs: number;
  readonly takeMs: number;
  /** The same table wanted again: nothing may come of it. */
  readonly unchangedMs: number;
}

export interface BgpRibBench {
  readonly load: readonly LoadResult[];
  /** One route of 10,000 gets other attributes, until the change is in hand; microseconds. */
  readonly change: { readonly p50Us: number; readonly p99Us: number };
  /** Heap for a told route, over 100,000 of them: in the first peer's table, and in each further peer's. */
  readonly bytesPerRoute: { readonly firstPeer: number; readonly furtherPeer: number };
}

const RUNS = 9;
const CHANGES = 20_000;

/** How fast an Adj-RIB-Out turns what is meant into what is sent, and what it costs to remember. */
export function benchBgpRib(): BgpRibBench {
  load(100_000, 16);
  return {
    load: [load(100_000, 1), load(100_000, 16), load(100_000, 1000), load(10_000, 16)],
    change: changes(),
    bytesPerRoute: memory(),
  };
}

/** Half of them IPv4 /32, half IPv6 /128. */
function table(prefixes: number, attributeSets: number): readonly Route[] {
  const sets = Array.from({ length: attributeSets }, (_, i): RouteAttributes => ({
    ...NO_ATTRIBUTES,
    communities: [i],
  }));
  return Array.from({ length: prefixes }, (_, i): Route => {
    const bytes = new Uint8Array(i % 2 === 0 ? 4 : 16);
    bytes[0] = i % 2 === 0 ? 10 : 0xfd;
    new DataView(bytes.buffer).setUint16(bytes.length - 2, (i >> 1) & 0xffff);
    bytes[bytes.length - 3] = i >> 17;
    const prefix = { address: addressFromBytes(bytes), length: bytes.length * 8 };
    return { prefix, attributes: sets[(i * 40_503) % attributeSets]! };
  });
}

function load(prefixes: number, attributeSets: number): LoadResult {
  const times = { want: [] as number[], take: [] as number[], unchanged: [] as number[] };
  for (let run = 0; run < RUNS; run++) {
    const routes = table(prefixes, attributeSets);
    const rib = new PeerRib();
    collectGarbage();
    times.want.push(timed(() => routes.forEach((route) => rib.want(route))));
    times.take.push(
      timed(() => {
        rib.establish(DUAL_SESSION);
        const { groups } = rib.take();
        if (groups.length < attributeSets) throw new Error(`${groups.length} groups`);
      }),
    );
    times.unchanged.push(
      timed(() => {
        for (const { prefix, attributes } of routes) rib.want({ prefix, attributes: { ...attributes } });
        if (rib.take().groups.length > 0) throw new Error("told twice");
      }),
    );
  }
  const [wantMs, takeMs, unchangedMs] = [times.want, times.take, times.unchanged].map((list) => quantile(list, 0.5));
  return { prefixes, attributeSets, wantMs: wantMs!, takeMs: takeMs!, unchangedMs: unchangedMs! };
}

function changes(): BgpRibBench["change"] {
  const routes = table(10_000, 16);
  const rib = new PeerRib();
  rib.replace(routes);
  rib.establish(DUAL_SESSION);
  rib.take();
  const sets = [1, 2].map((med): RouteAttributes => ({ ...NO_ATTRIBUTES, med }));
  const times = Array.from({ length: CHANGES }, (_, i) => {
    const { prefix } = routes[(i * 40_503) % routes.length]!;
    const attributes = sets[Math.floor(i / routes.length) % 2]!;
    return timed(() => {
      rib.want({ prefix, attributes });
      if (rib.take().groups.length !== 1) throw new Error("not one group");
    });
  });
  return { p50Us: round(quantile(times, 0.5) * 1000), p99Us: round(quantile(times, 0.99) * 1000) };
}

function memory(): BgpRibBench["bytesPerRoute"] {
  const count = 100_000;
  const kept: PeerRib[] = [];
  const used: number[] = [heapUsed()];
  for (let peer = 0; peer < 3; peer++) {
    const rib = new PeerRib();
    const routes = peer === 0 ? table(count, 16) : [...kept[0]!.routes()];
    for (const route of routes) rib.want("wanted" in route ? { ...route, attributes: route.wanted! } : route);
    rib.establish(DUAL_SESSION);
    rib.take();
    kept.push(rib);
    used.push(heapUsed());
  }
  const [before, one, two, three] = used;
  if (kept.some((rib) => rib.counts().IPv6.told !== count / 2)) throw new Error("not everything is told");
  return { firstPeer: Math.round((one! - before!) / count), furtherPeer: Math.round((three! - two!) / count) };
}

function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function quantile(values: readonly number[], q: number): number {
  return round([...values].sort((a, b) => a - b)[Math.floor(values.length * q)]!);
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function collectGarbage(): void {
  globalThis.gc?.();
}
