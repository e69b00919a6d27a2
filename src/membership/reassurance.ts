import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { Exchanges } from "./exchanges.ts";
import type { Endpoint } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { MemberRegistry } from "./registry.ts";
import type { SelfDoubt } from "./self-doubt.ts";

/** Between two rounds of questions: doubles up to the longest. */
const FIRST_INTERVAL = millis(100);
const LONGEST_INTERVAL = seconds(1);

/** Members that are asked in one round, and questions that may be open. */
const ASKED_AT_ONCE = 3;
const MOST_OPEN = 64;

export interface ReassuranceOptions {
  readonly doubt: SelfDoubt;
  readonly registry: MemberRegistry;
  readonly exchanges: Exchanges;
  readonly outbox: Outbox;
  readonly nextSeq: () => number;
}

/** Something that was asked. */
interface Question {
  readonly askedAt: Millis;
  readonly to: Endpoint;
}

/** Asks others, as long as there is doubt about ourselves; where an answer is not enough, who answers is asked for more. */
export class Reassurance {
  readonly #options: ReassuranceOptions;
  /** By number. */
  readonly #open = new Map<number, Question>();
  #doubtSince: Millis | undefined;
  #rounds = 0;
  #nextAt: Millis = millis(Infinity);

  constructor(options: ReassuranceOptions) {
    this.#options = options;
  }

  get wakeAt(): Millis {
    return this.#nextAt;
  }

  /** An answer with this number came. Returns when the question was sent; undefined: it was not ours. */
  answered(seq: number, now: Millis): Millis | undefined {
    const question = this.#open.get(seq);
    if (question === undefined) return undefined;
    this.#open.delete(seq);
    const { doubt, exchanges } = this.#options;
    if (doubt.needsExchange) exchanges.begin(question.to, false, now);
    return question.askedAt;
  }

  /** To be called after every step: a new doubt is followed by questions at once. */
  wake(now: Millis): void {
    const { standing } = this.#options.doubt;
    // A beginner's questions are its attempts to join.
    if (standing.kind === "sure" || standing.reason === "joining") return this.#rest();
    if (standing.since !== this.#doubtSince) {
      this.#doubtSince = standing.since;
      this.#rounds = 0;
      this.#nextAt = now;
    }
    if (now >= this.#nextAt) this.#ask(now);
  }

  #rest(): void {
    this.#doubtSince = undefined;
    this.#nextAt = millis(Infinity);
    this.#open.clear();
  }

  /** Those whom we hold for dead are asked, too: the trouble may be ours. */
  #ask(now: Millis): void {
    const { doubt, registry, exchanges, outbox, nextSeq } = this.#options;
    const { self, table } = registry;
    const others = table.draw(ASKED_AT_ONCE, (record) => record !== self && record.status !== "left");
    if (others.length === 0 && !exchanges.hasSeeds) return doubt.alone();
    for (const { endpoint, node } of others) {
      const seq = nextSeq();
      if (this.#open.size < MOST_OPEN) this.#open.set(seq, { askedAt: now, to: endpoint });
      outbox.send(endpoint, { type: "ping", seq, node, source: { ...self.endpoint, node: self.node } });
    }
    this.#nextAt = millis(now + Math.min(LONGEST_INTERVAL, FIRST_INTERVAL * 2 ** this.#rounds));
    this.#rounds = Math.min(this.#rounds + 1, 16);
  }
}
