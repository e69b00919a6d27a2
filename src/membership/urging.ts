import { type Millis, millis } from "../lib/duration.ts";
import type { Outbox } from "./outbox.ts";
import type { MemberRegistry } from "./registry.ts";

/** Suspects that are told in one round; who suspects more of them is likely to be the one with the trouble. */
const URGED_AT_ONCE = 8;

/** Tells those whom we suspect so directly, again and again: gossip may reach them too late, or be lost. */
export class Urging {
  readonly #registry: MemberRegistry;
  readonly #outbox: Outbox;
  readonly #interval: Millis;
  #nextAt: Millis = millis(Infinity);

  /** One round in every `interval`; 0: none. */
  constructor(registry: MemberRegistry, outbox: Outbox, interval: Millis) {
    this.#registry = registry;
    this.#outbox = outbox;
    this.#interval = interval;
  }

  get wakeAt(): Millis {
    return this.#nextAt;
  }

  /** To be called after every step: it may have brought a suspicion. */
  wake(now: Millis): void {
    if (!this.#registry.hasSuspects || this.#interval <= 0) this.#nextAt = millis(Infinity);
    else if (this.#nextAt === Infinity) this.#nextAt = millis(now + this.#interval);
    if (now < this.#nextAt) return;
    this.#nextAt = millis(now + this.#interval);
    for (const { to, ...suspicion } of this.#registry.ourSuspects(URGED_AT_ONCE)) {
      this.#outbox.sendOnly(to, [suspicion]);
    }
  }
}
