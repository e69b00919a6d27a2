import { type Millis, millis } from "../../lib/duration.ts";

/** When each URL was answered, as `steady-client.ts` prints it. */
export class AnswerTimes {
  readonly #times = new Map<string, number[]>();

  add(line: string): void {
    const [at = "", url = ""] = line.split(" ");
    const times = this.#times.get(url);
    if (times === undefined) this.#times.set(url, [Number(at)]);
    else times.push(Number(at));
  }

  /** How often a URL was answered. */
  count(url: string): number {
    return this.#times.get(url)?.length ?? 0;
  }

  /** The longest time between two answers in a row. */
  longestGap(url: string): Millis {
    const times = this.#times.get(url) ?? [];
    let longest = 0;
    for (const [i, at] of times.entries()) if (i > 0) longest = Math.max(longest, at - times[i - 1]!);
    return millis(longest);
  }
}
