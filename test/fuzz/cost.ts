import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { BugError } from "../../src/lib/errors.ts";

/** What a case may cost, in milliseconds of this process's own computing. */
const SLOWEST_ALLOWED = 500;
/** Bytes by which the heap may grow after the first cases. */
const GROWTH_ALLOWED = 64 << 20;

export interface CostReport {
  /** Time that this process computed for one case, which others on the machine don't lengthen. */
  readonly slowestMilliseconds: number;
  /** Most that the heap, without garbage, was above what it was after the first cases. */
  readonly heapGrowth: number;
}

/** Watches what the cases of a fuzzer cost. Throws when one takes too long, or memory grows without end. */
export class CostWatch {
  #slowest = 0;
  #heapAtFirst: number | undefined;
  #growth = 0;

  /** `describe` is asked about a case that throws or is too slow. */
  run(work: () => void, describe: () => string): void {
    const before = cpuMillis();
    try {
      work();
    } catch (error) {
      throw new BugError(`${describe()} threw`, { cause: error });
    }
    const took = cpuMillis() - before;
    this.#slowest = Math.max(this.#slowest, took);
    if (took > SLOWEST_ALLOWED) throw new BugError(`${describe()} took ${took} ms`);
  }

  /** Measures the heap; the first measurement is what later ones are compared with. */
  measureHeap(): void {
    const heap = heapInUse();
    this.#heapAtFirst ??= heap;
    this.#growth = Math.max(this.#growth, heap - this.#heapAtFirst);
    if (this.#growth > GROWTH_ALLOWED) throw new BugError(`the heap has grown by ${this.#growth} bytes`);
  }

  get report(): CostReport {
    return { slowestMilliseconds: this.#slowest, heapGrowth: this.#growth };
  }
}

function cpuMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
