import type { IpAddress } from "../ip/address.ts";
import { seconds } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { AddressCounters } from "./protocol.ts";

type CounterName = Exclude<keyof AddressCounters, "address">;

type Counts = { -readonly [K in keyof AddressCounters]: AddressCounters[K] };

/** Counts per address, told at most once a second and only when something was counted. */
export class RequestCounters {
  readonly #clock: Clock;
  readonly #tell: (counters: readonly AddressCounters[]) => void;
  #counts = new Map<IpAddress, Counts>();
  #timer: Timer | undefined;

  constructor(clock: Clock, tell: (counters: readonly AddressCounters[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(address: IpAddress, name: CounterName, by: number): void {
    let counts = this.#counts.get(address);
    if (counts === undefined) {
      counts = { address, requestsReceived: 0, responsesSent: 0, gratuitousSent: 0, duplicatesHeard: 0 };
      this.#counts.set(address, counts);
    }
    counts[name] += by;
    this.#timer ??= this.#clock.after(seconds(1), () => this.flush());
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#counts.size === 0) return;
    this.#tell([...this.#counts.values()]);
    this.#counts = new Map();
  }
}
