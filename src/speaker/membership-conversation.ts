import type { Millis } from "../lib/duration.ts";
import type { StreamMessage } from "../membership/message.ts";
import type { WireRefusal } from "../membership/wire/refusal.ts";
import type { StreamDecoder } from "../membership/wire/stream.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Connection, StreamHandlers } from "../ports/streams.ts";

/** Bytes of unfinished messages, counted over several conversations. */
export class ReceiveBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Returns false, and takes nothing, when there is not enough left. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  release(bytes: number): void {
    this.#left += bytes;
  }
}

export interface ConversationOptions {
  readonly clock: Clock;
  readonly decoder: StreamDecoder;
  readonly budget: ReceiveBudget;
  /** The first message that came, or why it is none. Called at most once. */
  readonly onMessage: (message: StreamMessage, refusals: readonly WireRefusal[]) => void;
  readonly onRefused: (refusal: WireRefusal) => void;
  /** The conversation is over, whatever came. Called once, after the others. */
  readonly onOver: () => void;
}

/** Our side of a connection on which one message is awaited. */
export class Conversation implements StreamHandlers {
  readonly #options: ConversationOptions;
  #connection: Connection | undefined;
  #timer: Timer | undefined;
  #held = 0;
  #heard = false;
  #over = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Has to be called before anything comes. */
  on(connection: Connection): this {
    this.#connection = connection;
    return this;
  }

  /** Ends it if it is not over within `time` from now. */
  limit(time: Millis): void {
    if (this.#over) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(time, () => this.destroy());
  }

  write(bytes: Uint8Array): void {
    this.#connection?.write(bytes);
  }

  /** Writes the last that we have to say. */
  finish(bytes: Uint8Array): void {
    this.write(bytes);
    this.#connection?.end();
  }

  destroy(): void {
    this.#connection?.destroy();
    this.onClose();
  }

  onData(chunk: Uint8Array): void {
    if (this.#heard || this.#over) return;
    const { budget, decoder, onMessage, onRefused } = this.#options;
    if (!budget.take(chunk.length)) {
      this.#hear();
      return onRefused({ reason: "too-large", detail: "too much comes in from all members together" });
    }
    this.#held += chunk.length;
    const progress = decoder.push(chunk);
    if (progress.kind === "incomplete") return;
    this.#hear();
    if (progress.kind === "refused") onRefused(progress.refusal);
    else onMessage(progress.decoded.message, progress.decoded.refusals);
  }

  /** Half a message will not become a whole one. Otherwise the other side waits for our answer. */
  onEnd(): void {
    if (!this.#heard) this.destroy();
  }

  onClose(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#hear();
    this.#options.onOver();
  }

  #hear(): void {
    this.#heard = true;
    this.#options.budget.release(this.#held);
    this.#held = 0;
  }
}
