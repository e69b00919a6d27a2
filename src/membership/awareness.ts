import { type Millis, millis } from "../lib/duration.ts";

/** Lifeguard's health score of ourselves: 0 is healthy; every sign that the trouble is ours raises it. */
export class Awareness {
  readonly #max: number;
  #score = 0;

  /** The score stays below `multiplier`. */
  constructor(multiplier: number) {
    this.#max = Math.max(0, multiplier - 1);
  }

  get score(): number {
    return this.#score;
  }

  change(by: number): void {
    this.#score = Math.min(this.#max, Math.max(0, this.#score + by));
  }

  /** What an interval is stretched to. */
  stretch(interval: Millis): Millis {
    return millis(interval * (this.#score + 1));
  }
}
