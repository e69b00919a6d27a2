import { Allocator } from "../../src/allocator/allocator.ts";
import { chooseAddresses } from "../../src/allocator/choose.ts";
import type { Pool } from "../../src/allocator/pool.ts";
import type { Holder, ServiceRequest } from "../../src/allocator/request.ts";
import { newHolder } from "../../src/allocator/request.ts";
import { familyOf } from "../../src/ip/address.ts";
import { parsePrefix, prefixRange } from "../../src/ip/prefix.ts";

interface FillResult {
  readonly pool: string;
  readonly allocations: number;
  readonly allocationsPerSecond: number;
  /** Time for one of the last 1,000 allocations to one of the first 1,000, medians. */
  readonly lastToFirst: number;
}

export interface AllocatorBench {
  readonly fill: readonly FillResult[];
  /** 65,536 Services with one sharing key and one port: each must find that no address in use will do. */
  readonly sameKeySamePort: FillResult;
  /** 65,536 Services with one sharing key and ports of their own: all of them on one address. */
  readonly sameKeyOwnPort: FillResult;
  /** Frees and takes again single addresses of a full /16. */
  readonly replacePerSecond: number;
  /** Bytes of heap for an allocator with one empty pool. */
  readonly emptyPoolBytes: Readonly<Record<string, number>>;
}

const EDGE = 1000;
const WARM_UP = 20_000;

/** How fast the allocator is, and whether it stays so when a pool fills up. */
export function benchAllocator(): AllocatorBench {
  fill("10.0.0.0/16", WARM_UP, (i) => request("IPv4", i));
  return {
    fill: [
      fill("10.0.0.0/16", 65_536, (i) => request("IPv4", i)),
      fill("10.0.0.0/12", 1_048_576, (i) => request("IPv4", i)),
      fill("fd00::/112", 65_536, (i) => request("IPv6", i)),
      fill("fd00::/64", 65_536, (i) => request("IPv6", i)),
    ],
    sameKeySamePort: fill("10.0.0.0/16", 65_536, (i) => request("IPv4", i, "shared", "TCP/80")),
    sameKeyOwnPort: fill("10.0.0.0/16", 65_536, (i) => request("IPv4", i, "shared", `TCP/${i}`)),
    replacePerSecond: replaceInFullPool(),
    emptyPoolBytes: Object.fromEntries(
      ["10.0.0.0/24", "10.0.0.0/8", "fd00::/64"].map((cidr) => [cidr, emptyPoolBytes(cidr)]),
    ),
  };
}

function fill(cidr: string, count: number, requestFor: (i: number) => ServiceRequest): FillResult {
  const allocator = allocatorWith(cidr);
  const times = new Float64Array(2 * EDGE);
  collectGarbage();
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const slot = i < EDGE ? i : i - count + 2 * EDGE;
    if (slot < EDGE && i >= EDGE) {
      allocate(allocator, requestFor(i));
      continue;
    }
    const before = performance.now();
    allocate(allocator, requestFor(i));
    times[slot] = performance.now() - before;
  }
  const elapsed = performance.now() - start;
  return {
    pool: cidr,
    allocations: count,
    allocationsPerSecond: Math.round((count / elapsed) * 1000),
    lastToFirst: round(median(times.subarray(EDGE)) / median(times.subarray(0, EDGE))),
  };
}

function replaceInFullPool(): number {
  const allocator = allocatorWith("10.0.0.0/16");
  const holders = Array.from({ length: 65_536 }, (_, i) => allocate(allocator, request("IPv4", i)));
  const rounds = 50_000;
  const start = performance.now();
  for (let i = 0; i < rounds; i++) {
    const slot = (i * 40_503) % 65_536;
    allocator.release(holders[slot]!);
    holders[slot] = allocate(allocator, request("IPv4", slot));
  }
  return Math.round((rounds / (performance.now() - start)) * 1000);
}

function emptyPoolBytes(cidr: string): number {
  const copies = 1000;
  const kept: Allocator[] = [];
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < copies; i++) kept.push(allocatorWith(cidr));
  collectGarbage();
  return Math.round((process.memoryUsage().heapUsed - before) / kept.length);
}

function allocatorWith(cidr: string): Allocator {
  const pool: Pool = {
    name: "bench",
    ranges: [prefixRange(parsePrefix(cidr)!)],
    autoAssign: true,
    avoidBuggyIPs: false,
    serviceAllocation: undefined,
  };
  const allocator = new Allocator();
  allocator.setPools([pool]);
  return allocator;
}

function allocate(allocator: Allocator, wanted: ServiceRequest): Holder {
  const chosen = chooseAddresses(allocator, wanted, []);
  if (!chosen.ok) throw new Error(`${wanted.id}: ${chosen.error.code}`);
  const holder = newHolder(wanted.id);
  allocator.assign(holder, wanted.terms, chosen.value.addresses);
  if (familyOf(holder.addresses[0]!) !== wanted.families[0]) throw new Error(`${wanted.id}: wrong family`);
  return holder;
}

function request(family: "IPv4" | "IPv6", i: number, sharingKey = "", port = "TCP/80"): ServiceRequest {
  return {
    id: `bench/service-${i}`,
    namespace: "bench",
    labels: {},
    families: [family],
    policy: "SingleStack",
    terms: { sharingKey, backendKey: "", ports: [port] },
    addresses: [],
    pool: undefined,
  };
}

function collectGarbage(): void {
  globalThis.gc?.();
}

function median(values: Float64Array): number {
  return values.toSorted()[values.length >> 1]!;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
