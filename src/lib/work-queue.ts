import type { Clock, Timer } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import { backoffDelay, type BackoffOptions } from "./backoff.ts";
import { type Millis, millis, seconds } from "./duration.ts";

/** How handling a key went. `retryAfter` is a wish for another turn at a given time, and no failure. */
export type Handled = "done" | "retry" | { readonly retryAfter: Millis };

export interface WorkQueueOptions<K> {
  readonly clock: Clock;
  readonly random: Random;
  /** How many keys are handled at the same time. */
  readonly concurrency: number;
  /** Must not reject: a rejection is a bug and is left unhandled, which ends the process. */
  handle(key: K): Promise<Handled>;
}

const RETRY: BackoffOptions = { first: millis(5), max: seconds(60), factor: 2, jitter: 0.25 };

/**
 * Keys to be worked on, each at most once at a time. Adding a key that waits changes nothing, adding one that is being
 * handled gives it one more turn afterwards. Keys that ask for a retry wait longer each time; adding ends the wait.
 */
export class WorkQueue<K> {
  readonly #options: WorkQueueOptions<K>;
  /** In order of arrival. */
  readonly #ready = new Set<K>();
  readonly #running = new Set<K>();
  /** Running keys that were added again meanwhile. */
  readonly #again = new Set<K>();
  /** Running keys that were forgotten meanwhile. */
  readonly #forgotten = new Set<K>();
  readonly #waiting = new Map<K, Timer>();
  readonly #failures = new Map<K, number>();
  #pumpScheduled = false;
  #closed = false;
  readonly #onIdle: (() => void)[] = [];

  constructor(options: WorkQueueOptions<K>) {
    this.#options = options;
  }

  /** Keys that are ready, waiting for a retry, or being handled. */
  get size(): number {
    return this.#ready.size + this.#waiting.size + this.#running.size;
  }

  add(key: K): void {
    if (this.#closed) return;
    this.#stopWaiting(key);
    if (this.#running.has(key)) this.#again.add(key);
    else this.#ready.add(key);
    this.#schedulePump();
  }

  /** Drops the key and its history. A handler that runs for it is not interrupted, but gets no further turn. */
  forget(key: K): void {
    this.#stopWaiting(key);
    this.#ready.delete(key);
    this.#again.delete(key);
    this.#failures.delete(key);
    if (this.#running.has(key)) this.#forgotten.add(key);
  }

  /** Starts nothing any more; resolves when what runs has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    this.#ready.clear();
    this.#again.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** In a microtask, so that everything added in one go is in order before the first handler runs. */
  #schedulePump(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    queueMicrotask(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const key of this.#ready) {
      if (this.#running.size >= this.#options.concurrency) return;
      this.#ready.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: K): Promise<void> {
    const handled = await this.#options.handle(key);
    this.#running.delete(key);
    if (!this.#closed) this.#settle(key, handled);
    if (this.#running.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    this.#pump();
  }

  #settle(key: K, handled: Handled): void {
    const again = this.#again.delete(key);
    const forgotten = this.#forgotten.delete(key) && !again;
    if (forgotten) return;
    if (handled === "done") this.#failures.delete(key);
    const delay = this.#delayOf(key, handled);
    if (again) this.#ready.add(key);
    else if (delay !== undefined) this.#wait(key, delay);
  }

  #delayOf(key: K, handled: Handled): Millis | undefined {
    if (handled === "done") return undefined;
    if (handled !== "retry") return handled.retryAfter;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return backoffDelay(RETRY, failures, this.#options.random.next());
  }

  #wait(key: K, delay: Millis): void {
    const timer = this.#options.clock.after(delay, () => {
      this.#waiting.delete(key);
      this.#ready.add(key);
      this.#schedulePump();
    });
    this.#waiting.set(key, timer);
  }

  #stopWaiting(key: K): void {
    this.#waiting.get(key)?.cancel();
    this.#waiting.delete(key);
  }
}
