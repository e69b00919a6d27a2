import { type Claim, type Conflict, Conflicts } from "../layer2/conflict.ts";
import type { IpAddress } from "../ip/address.ts";
import { millis } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Link } from "../ports/links.ts";

/** Runs `Conflicts` on a clock. */
export class DuplicateWatch {
  readonly #conflicts = new Conflicts();
  readonly #clock: Clock;
  readonly #onConflict: (conflict: Conflict) => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, onConflict: (conflict: Conflict) => void) {
    this.#clock = clock;
    this.#onConflict = onConflict;
  }

  setLinks(links: readonly Link[]): void {
    this.#conflicts.setOwnMacs(links.map(({ mac }) => mac).filter((mac) => mac !== undefined));
  }

  gained(address: IpAddress): void {
    this.#conflicts.gained(address, this.#clock.now());
  }

  lost(address: IpAddress): void {
    this.#conflicts.lost(address);
  }

  /** Whether the MAC is one of this node's. */
  isOwn(mac: Uint8Array): boolean {
    return this.#conflicts.isOwn(mac);
  }

  /** Another station's claim; its bytes are needed during the call only. */
  hear(claim: Claim, link: Link): void {
    this.#conflicts.hear(claim, link.name, this.#clock.now());
    this.#schedule();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { due } = this.#conflicts;
    if (due === undefined) return;
    this.#timer ??= this.#clock.after(millis(Math.max(0, due - this.#clock.now())), () => {
      this.#timer = undefined;
      for (const conflict of this.#conflicts.take(this.#clock.now())) this.#onConflict(conflict);
      this.#schedule();
    });
  }
}
