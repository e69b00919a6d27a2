import type { MembershipAction } from "./action.ts";
import type { BroadcastQueue } from "./broadcast-queue.ts";
import type { Endpoint, PacketMessage } from "./message.ts";

/** A compound message begins with its type and the number of its parts, */
const COMPOUND_HEADER = 2;
/** and has two bytes for the length of each part. */
const COMPOUND_PART = 2;

export interface OutboxOptions {
  readonly queue: BroadcastQueue;
  /** Bytes of a datagram that messages may take. */
  readonly room: number;
  readonly sizeOf: (message: PacketMessage) => number;
  /** How often news is sent on. */
  readonly transmitLimit: () => number;
}

/** Collects actions, and fills up datagrams with news. */
export class Outbox {
  readonly #options: OutboxOptions;
  #actions: MembershipAction[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  add(action: MembershipAction): void {
    this.#actions.push(action);
  }

  /** Sends the message and as much news as there is room for. */
  send(to: Endpoint, ...messages: readonly PacketMessage[]): void {
    const { queue, room, sizeOf, transmitLimit } = this.#options;
    if (queue.size === 0) return this.sendOnly(to, messages);
    const used = messages.reduce((sum, message) => sum + sizeOf(message) + COMPOUND_PART, COMPOUND_HEADER);
    const news = queue.take(room - used, COMPOUND_PART, transmitLimit());
    this.add({ do: "send", to, messages: [...messages, ...news] });
  }

  /** Sends these alone. */
  sendOnly(to: Endpoint, messages: readonly PacketMessage[]): void {
    this.add({ do: "send", to, messages });
  }

  /** Sends as much news as fits in a datagram. Returns whether there was any. */
  sendNews(to: Endpoint): boolean {
    const { queue, room, transmitLimit } = this.#options;
    const news = queue.take(room - COMPOUND_HEADER, COMPOUND_PART, transmitLimit());
    if (news.length > 0) this.add({ do: "send", to, messages: news });
    return news.length > 0;
  }

  drain(): readonly MembershipAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}
