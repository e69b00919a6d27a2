import type { IpAddress } from "../ip/address.ts";
import { RepeatSchedule } from "../layer2/repeats.ts";
import { type Millis, millis } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";

interface RepeaterPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Tells everybody where the address is; returns how many frames that takes. */
  repeat(address: IpAddress): number;
}

/** Runs `RepeatSchedule` on a clock. */
export class Repeater {
  readonly #ports: RepeaterPorts;
  readonly #schedule: RepeatSchedule;
  #timer: Timer | undefined;
  #armedFor: Millis | undefined;

  constructor(ports: RepeaterPorts) {
    this.#ports = ports;
    this.#schedule = new RepeatSchedule(() => ports.random.next());
  }

  /** Repeats the address at this interval from now on; 0: never. */
  set(address: IpAddress, interval: Millis): void {
    this.#schedule.set(address, interval, this.#ports.clock.now());
    this.#arm();
  }

  delete(address: IpAddress): void {
    this.#schedule.delete(address);
    this.#arm();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    const { due } = this.#schedule;
    if (due === this.#armedFor) return;
    this.#timer?.cancel();
    this.#armedFor = due;
    const { clock } = this.#ports;
    this.#timer =
      due === undefined ? undefined : clock.after(millis(Math.max(0, due - clock.now())), () => this.#run());
  }

  #run(): void {
    this.#armedFor = undefined;
    const now = this.#ports.clock.now();
    const address = this.#schedule.take(now);
    if (address !== undefined) this.#schedule.spend(this.#ports.repeat(address), now);
    this.#arm();
  }
}
