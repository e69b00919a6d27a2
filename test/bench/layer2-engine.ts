import { type IpAddress, addressFromBytes } from "../../src/ip/address.ts";
import { parseMac } from "../../src/ip/mac.ts";
import { filterPrograms } from "../../src/layer2/filter.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { Frames } from "../../src/ports/frames.ts";
import type { Links } from "../../src/ports/links.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { testLink } from "../support/test-link.ts";

/** Milliseconds. */
interface ChangeCost {
  readonly owned: number;
  /** Until all are announced, first round sent; once. */
  readonly allMs: number;
  /** One address more, and one less, each until sockets and filters are as they should be; median and worst of many. */
  readonly announce: { readonly p50Ms: number; readonly maxMs: number };
  readonly withdraw: { readonly p50Ms: number; readonly maxMs: number };
}

const INTERFACES = 4;
const CHANGES = 200;

/** What a change of one address costs the protocol worker, with few and with many others, on four interfaces. */
export function benchLayer2Engine(): readonly ChangeCost[] {
  measure(100);
  return [1, 1000, 2000, 10_000].map(measure);
}

function measure(owned: number): ChangeCost {
  const clock = new ManualClock();
  const engine = new Layer2Engine(/^lo$/u, {
    frames: countingFrames(),
    links: someLinks(),
    clock,
    random: { next: () => 0 },
    emit: () => {},
  });
  engine.start();
  const announce = (address: IpAddress): void =>
    engine.command({ do: "announce", announcement: { address, interfaces: "all", repeatEvery: millis(0) } });
  const flush = (): void => clock.advance(millis(0));
  const allMs = timed(() => {
    for (let i = 0; i < owned; i++) announce(nth(i));
    flush();
  });
  clock.advance(seconds(600));
  const times = { announce: [] as number[], withdraw: [] as number[] };
  for (let i = 0; i < CHANGES; i++) {
    const address = nth(owned + i);
    times.announce.push(timed(() => (announce(address), flush())));
    clock.advance(seconds(10));
    times.withdraw.push(timed(() => (engine.command({ do: "withdraw", address }), flush())));
    clock.advance(seconds(10));
  }
  return { owned, allMs: rounded(allMs), announce: spread(times.announce), withdraw: spread(times.withdraw) };
}

function nth(i: number): IpAddress {
  return addressFromBytes(Uint8Array.of(10, i >> 16, i >> 8, i));
}

/** Sockets that build the kernel's filters as the real ones do, and send nothing. */
function countingFrames(): Frames {
  return {
    probe: () => {},
    open: (_, kind) => {
      const addresses = new Set<IpAddress>();
      return {
        send: () => true,
        listenFor: (added, removed = []) => {
          for (const address of removed) addresses.delete(address);
          for (const address of added) addresses.add(address);
          filterPrograms(kind, addresses);
        },
        close: () => {},
      };
    },
  };
}

function someLinks(): Links {
  const links = Array.from({ length: INTERFACES }, (_, i) =>
    testLink({ index: i + 2, name: `eth${i}`, mac: parseMac(`02:00:00:00:00:0${i}`)!, addresses: [] }),
  );
  return {
    watch: (onChange) => {
      onChange(links);
      return { close: () => {} };
    },
  };
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function spread(times: readonly number[]): { readonly p50Ms: number; readonly maxMs: number } {
  const sorted = [...times].sort((a, b) => a - b);
  return { p50Ms: rounded(sorted[sorted.length >> 1]!), maxMs: rounded(sorted.at(-1)!) };
}

function rounded(time: number): number {
  return Number(time.toFixed(3));
}
