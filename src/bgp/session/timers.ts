import { type Millis, millis } from "../../lib/duration.ts";

/** Timers of one connection's machine (RFC 4271 §8 and §10, RFC 9687). */
export type MachineTimer = "connect-retry" | "delay-open" | "hold" | "keepalive" | "send-hold";

/** A machine's timers carry its number; those of the session are there once. */
export type TimerName = `${MachineTimer}/${number}` | "idle-hold" | "collision";

type TimerAction =
  | { readonly do: "set-timer"; readonly name: TimerName; readonly after: Millis }
  | { readonly do: "cancel-timer"; readonly name: TimerName };

interface Running {
  readonly due: Millis;
  /** When it will be told to us, which is not after `due`. */
  readonly armedFor: Millis;
}

/**
 * The timers that run. One that is started again for later, as hold timers are with each message, goes on: it turns out to
 * be early when it fires, and only then it is set for the rest.
 */
export class Timers {
  readonly #running = new Map<TimerName, Running>();
  readonly #emit: (action: TimerAction) => void;

  constructor(emit: (action: TimerAction) => void) {
    this.#emit = emit;
  }

  get names(): readonly TimerName[] {
    return [...this.#running.keys()];
  }

  isRunning(name: TimerName): boolean {
    return this.#running.has(name);
  }

  /** When it expires; undefined: it doesn't run. */
  dueAt(name: TimerName): Millis | undefined {
    return this.#running.get(name)?.due;
  }

  start(name: TimerName, after: Millis, now: Millis): void {
    const due = millis(now + after);
    const running = this.#running.get(name);
    if (running !== undefined && running.armedFor <= due) {
      this.#running.set(name, { due, armedFor: running.armedFor });
      return;
    }
    this.#arm(name, due, now);
  }

  stop(name: TimerName): void {
    if (this.#running.delete(name)) this.#emit({ do: "cancel-timer", name });
  }

  /** A timer has fired. Gives how late that is; undefined: it has not expired, since it was stopped or started again. */
  fired(name: TimerName, now: Millis): Millis | undefined {
    const running = this.#running.get(name);
    if (running === undefined) return undefined;
    if (running.due > now) {
      this.#arm(name, running.due, now);
      return undefined;
    }
    this.#running.delete(name);
    return millis(now - running.due);
  }

  #arm(name: TimerName, due: Millis, now: Millis): void {
    this.#running.set(name, { due, armedFor: due });
    this.#emit({ do: "set-timer", name, after: millis(due - now) });
  }
}
