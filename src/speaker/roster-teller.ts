import { formatAddress } from "../ip/address.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { MemberState } from "../membership/message.ts";
import type { WireReason } from "../membership/wire/refusal.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { WorkerEvent } from "./protocol.ts";

type Roster = Extract<WorkerEvent, { readonly on: "roster" }>;

/** Anybody on the network can cause changes as fast as it carries them. */
const INTERVAL = seconds(1);

/** Tells the main thread of the members and of what was refused: at once after a quiet time, else once a second. */
export class RosterTeller {
  readonly #clock: Clock;
  readonly #emit: (roster: Roster) => void;
  readonly #members: () => readonly MemberState[];
  #refused = new Map<WireReason, number>();
  #toldAt: Millis = millis(-Infinity);
  #timer: Timer | undefined;
  #closed = false;

  constructor(clock: Clock, members: () => readonly MemberState[], emit: (roster: Roster) => void) {
    this.#clock = clock;
    this.#members = members;
    this.#emit = emit;
  }

  /** Something about a member changed. */
  changed(): void {
    if (this.#closed) return;
    const wait = Math.max(0, this.#toldAt + INTERVAL - this.#clock.now());
    this.#timer ??= this.#clock.after(millis(wait), () => this.#tell());
  }

  refused(reason: WireReason): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    this.changed();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #tell(): void {
    this.#timer = undefined;
    this.#toldAt = this.#clock.now();
    const refused = [...this.#refused].map(([reason, times]) => ({ reason, times }));
    this.#refused = new Map();
    const members = this.#members().map(({ node, endpoint, status }) => ({
      node,
      address: formatAddress(endpoint.address),
      state: status === "suspect" ? ("suspect" as const) : ("alive" as const),
    }));
    this.#emit({ on: "roster", members, refused });
  }
}
