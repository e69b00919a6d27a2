import type { Millis } from "../lib/duration.ts";
import type { Ping, PushPull, StreamMessage } from "../membership/message.ts";
import type { WireOptions } from "../membership/wire/options.ts";
import type { WireRefusal } from "../membership/wire/refusal.ts";
import { encodeStream, StreamDecoder } from "../membership/wire/stream.ts";
import type { Cipher } from "../ports/cipher.ts";
import type { Clock } from "../ports/clock.ts";
import type { SocketAddress } from "../ports/datagrams.ts";
import type { Connection, StreamHandlers, Streams } from "../ports/streams.ts";
import { Conversation, type ConversationOptions, ReceiveBudget } from "./membership-conversation.ts";

/** Connections that others may have open with us; memberlist allows as many exchanges. */
const MAX_INBOUND = 128;

/** Bytes of unfinished messages in all conversations together. */
const MAX_BUFFERED = 64 << 20;

export interface MembershipStreamsOptions {
  /** Our name: a ping for somebody else is not answered. */
  readonly node: string;
  readonly wire: WireOptions;
  /** How long another may take to send its message, and then to take our answer. */
  readonly timeout: Millis;
  readonly clock: Clock;
  readonly streams: Streams;
  readonly cipher: Cipher;
  /** Our side of an exchange that another has begun. */
  readonly ourState: () => PushPull;
  /** Another has begun an exchange, and gets our state for this one. */
  readonly onExchange: (state: PushPull) => void;
  readonly onRefused: (refusal: WireRefusal, from: SocketAddress) => void;
}

/** Conversations over streams: one message there, one message back. */
export class MembershipStreams {
  readonly #options: MembershipStreamsOptions;
  readonly #budget = new ReceiveBudget(MAX_BUFFERED);
  readonly #conversations = new Set<Conversation>();
  #inbound = 0;

  constructor(options: MembershipStreamsOptions) {
    this.#options = options;
  }

  /** Takes a connection that another has made. */
  accept(connection: Connection): StreamHandlers {
    const { timeout, onRefused } = this.#options;
    const { remote } = connection;
    const conversation = this.#conversation(connection.remote, {
      onMessage: (message) => this.#answer(conversation, message, remote),
      onRefused: (refusal) => {
        onRefused(refusal, remote);
        this.#reply(conversation, { type: "error", text: refusal.detail });
      },
      onOver: () => this.#inbound--,
    }).on(connection);
    this.#inbound++;
    conversation.limit(timeout);
    if (this.#inbound > MAX_INBOUND) conversation.destroy();
    return conversation;
  }

  /** Sends `message`; `onAnswer` is called once, with what comes back within `timeout`, or with undefined. */
  ask(
    to: SocketAddress,
    message: Ping | PushPull,
    timeout: Millis,
    onAnswer: (answer: StreamMessage | undefined) => void,
  ): void {
    const { streams, wire, cipher, onRefused } = this.#options;
    let answer: StreamMessage | undefined;
    const conversation = this.#conversation(to, {
      onMessage: (message) => {
        answer = message;
        conversation.destroy();
      },
      onRefused: (refusal) => {
        onRefused(refusal, to);
        conversation.destroy();
      },
      onOver: () => onAnswer(answer),
    });
    conversation.on(streams.connect(to, conversation)).limit(timeout);
    conversation.write(encodeStream(message, wire, cipher));
  }

  close(): void {
    for (const conversation of this.#conversations) conversation.destroy();
  }

  #conversation(
    remote: SocketAddress,
    {
      onMessage,
      onRefused,
      onOver,
    }: Pick<ConversationOptions, "onRefused" | "onOver"> & {
      readonly onMessage: (message: StreamMessage) => void;
    },
  ): Conversation {
    const { clock, wire, cipher } = this.#options;
    const conversation = new Conversation({
      clock,
      decoder: new StreamDecoder(wire, cipher),
      budget: this.#budget,
      onMessage: (message, refusals) => {
        for (const refusal of refusals) this.#options.onRefused(refusal, remote);
        onMessage(message);
      },
      onRefused,
      onOver: () => {
        this.#conversations.delete(conversation);
        onOver();
      },
    });
    this.#conversations.add(conversation);
    return conversation;
  }

  #answer(conversation: Conversation, message: StreamMessage, from: SocketAddress): void {
    const { node, ourState, onExchange, onRefused } = this.#options;
    switch (message.type) {
      case "push-pull":
        this.#reply(conversation, ourState());
        onExchange(message);
        return;
      case "ping":
        if (message.node !== "" && message.node !== node) return conversation.destroy();
        return this.#reply(conversation, { type: "ack", seq: message.seq, payload: new Uint8Array() });
      case "error":
        onRefused({ reason: "malformed", detail: `an error without a question: ${message.text}` }, from);
        return conversation.destroy();
      case "user":
      case "ack":
        return conversation.destroy();
    }
  }

  #reply(conversation: Conversation, message: StreamMessage): void {
    const { wire, cipher, timeout } = this.#options;
    conversation.finish(encodeStream(message, wire, cipher));
    conversation.limit(timeout);
  }
}
