import { type Millis, seconds } from "../lib/duration.ts";
import type { Clock } from "../ports/clock.ts";
import type { WorkerEvent } from "./protocol.ts";

type LogEvent = Extract<WorkerEvent, { readonly on: "log" }>;

/** What was told is not told again for this long. */
const PAUSE = seconds(60);

/**
 * Tells the main thread of what others do wrong: the first time, then once a minute with the number of times. Anybody on
 * the network can send rubbish as fast as it carries it, and must not keep two threads and a log busy with that.
 */
export class RareLog {
  readonly #clock: Clock;
  readonly #emit: (event: LogEvent) => void;
  /** By kind, of which there are few. */
  readonly #told = new Map<string, { at: Millis; untold: number }>();

  constructor(clock: Clock, emit: (event: LogEvent) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  tell(kind: string, event: Omit<LogEvent, "on">): void {
    const now = this.#clock.now();
    const told = this.#told.get(kind);
    if (told !== undefined && now - told.at < PAUSE) {
      told.untold++;
      return;
    }
    const untold = told?.untold ?? 0;
    this.#told.set(kind, { at: now, untold: 0 });
    this.#emit({ on: "log", ...event, fields: untold === 0 ? event.fields : { ...event.fields, untold } });
  }
}
