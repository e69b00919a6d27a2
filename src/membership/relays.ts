import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { Endpoint } from "./message.ts";
import type { Outbox } from "./outbox.ts";

/** Somebody's probe that we carry out. */
interface Relay {
  readonly asker: Endpoint;
  /** The asker's number for it. */
  readonly seq: number;
  /** When the asker is told that there is no answer; undefined: it doesn't want to know, or was told. */
  nackAt: Millis | undefined;
  readonly endsAt: Millis;
}

/** Probes for others at a time; more of them are refused. */
const MOST_RELAYS = 1024;

/** An answer is passed on for this long, also after a nack: the asker may have a longer timeout than we have. */
const LIFETIME = seconds(1);

/** Probes that we carry out for others, by our own number for each. All have the same timeout. */
export class Relays {
  readonly #outbox: Outbox;
  readonly #relays = new Map<number, Relay>();

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Returns false when there are too many. */
  add(ourSeq: number, asker: Endpoint, seq: number, times: { now: Millis; nackAfter: Millis | undefined }): boolean {
    if (this.#relays.size >= MOST_RELAYS) return false;
    const { now, nackAfter } = times;
    const nackAt = nackAfter === undefined ? undefined : millis(now + nackAfter);
    this.#relays.set(ourSeq, { asker, seq, nackAt, endsAt: millis(now + Math.max(LIFETIME, nackAfter ?? 0)) });
    return true;
  }

  /** Passes an answer on. Returns whether anybody had asked for it. */
  answered(ourSeq: number): boolean {
    const relay = this.#relays.get(ourSeq);
    if (relay === undefined) return false;
    this.#relays.delete(ourSeq);
    this.#outbox.send(relay.asker, { type: "ack", seq: relay.seq, payload: new Uint8Array() });
    return true;
  }

  get wakeAt(): Millis {
    let first = Infinity;
    for (const { nackAt, endsAt } of this.#relays.values()) {
      first = Math.min(first, nackAt ?? endsAt);
      if (nackAt !== undefined) break;
    }
    return millis(first);
  }

  /** Tells askers that there was no answer, and forgets what has ended. */
  wake(now: Millis): void {
    for (const [ourSeq, relay] of this.#relays) {
      if (relay.nackAt !== undefined && relay.nackAt <= now) {
        relay.nackAt = undefined;
        this.#outbox.send(relay.asker, { type: "nack", seq: relay.seq });
      }
      if (relay.endsAt <= now) this.#relays.delete(ourSeq);
    }
  }
}
