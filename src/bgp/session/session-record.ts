import type { Family } from "../../ip/family.ts";
import type { Millis } from "../../lib/duration.ts";
import type { Message } from "../message.ts";
import type { Endpoints } from "./connection.ts";
import type { Negotiated } from "./negotiate.ts";
import type { EndCode, EndReason } from "./reason.ts";
import type { SessionState } from "./session-state.ts";

type MessageCounts = Readonly<Record<Message["type"], number>>;

/** A session for people and metrics. Times are of the clock that `handle` was given. Without passwords. */
export interface SessionSnapshot {
  readonly state: SessionState;
  /** When it came to this state. */
  readonly since: Millis;
  /** What last ended a connection, or kept one from coming up. */
  readonly lastEnd: Ending | undefined;
  /** How often what ended a connection, or kept one from coming up. */
  readonly ends: ReadonlyMap<EndCode, number>;
  /** When the next attempt is made, if one is waited for. */
  readonly retryAt: Millis | undefined;
  readonly endpoints: Endpoints | undefined;
  /** From OpenConfirm on. */
  readonly negotiated: Negotiated | undefined;
  /** Codes of capabilities that are not offered any more, since the peer refused an OPEN for them. */
  readonly leftOut: readonly number[];
  readonly sent: MessageCounts;
  readonly received: MessageCounts;
  /** Prefixes that the peer announces; none of them is used. */
  readonly prefixesReceived: Readonly<Record<Family, number>>;
  /** Families of which the peer has said that it has told all (RFC 4724 §2). */
  readonly endOfRibReceived: readonly Family[];
  /** Failures since the last start (ConnectRetryCounter of RFC 4271 §8). */
  readonly connectRetryCounter: number;
  /** How often it was Established. */
  readonly timesEstablished: number;
  /** How often it came to each state. */
  readonly entered: Readonly<Record<SessionState, number>>;
  /** The last changes of state, oldest first. */
  readonly transitions: readonly Transition[];
}

export interface Ending {
  readonly at: Millis;
  readonly reason: EndReason;
}

export interface Transition {
  readonly at: Millis;
  readonly from: SessionState;
  readonly to: SessionState;
  readonly reason?: EndReason;
}

/** How many transitions are kept. */
const KEPT_TRANSITIONS = 20;

/** What a session remembers of itself for others. */
export class SessionRecord {
  readonly #sent = zeroCounts();
  readonly #received = zeroCounts();
  #transitions: readonly Transition[] = [];
  #lastEnd: Ending | undefined;
  readonly #ends = new Map<EndCode, number>();
  #since: Millis;
  readonly #entered = zeroEntries();

  constructor(now: Millis) {
    this.#since = now;
  }

  get(): Pick<
    SessionSnapshot,
    "sent" | "received" | "lastEnd" | "ends" | "since" | "timesEstablished" | "entered" | "transitions"
  > {
    return {
      sent: { ...this.#sent },
      received: { ...this.#received },
      lastEnd: this.#lastEnd,
      ends: new Map(this.#ends),
      since: this.#since,
      timesEstablished: this.#entered.Established,
      entered: { ...this.#entered },
      transitions: this.#transitions,
    };
  }

  sent(type: Message["type"], count = 1): void {
    this.#sent[type] += count;
  }

  received(type: Message["type"]): void {
    this.#received[type]++;
  }

  ended(reason: EndReason, at: Millis): void {
    this.#lastEnd = { at, reason };
    this.#ends.set(reason.code, (this.#ends.get(reason.code) ?? 0) + 1);
  }

  moved(transition: Transition): void {
    this.#since = transition.at;
    this.#entered[transition.to]++;
    this.#transitions = [...this.#transitions, transition].slice(-KEPT_TRANSITIONS);
  }
}

function zeroCounts(): Record<Message["type"], number> {
  return { open: 0, update: 0, notification: 0, keepalive: 0, "route-refresh": 0 };
}

function zeroEntries(): Record<SessionState, number> {
  return { Idle: 0, Connect: 0, Active: 0, OpenSent: 0, OpenConfirm: 0, Established: 0 };
}
