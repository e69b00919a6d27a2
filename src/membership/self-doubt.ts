import { type Millis, millis, seconds } from "../lib/duration.ts";

/**
 * Why we can't be sure that nobody has taken our place:
 * - `joining`: we have just begun and know of others, but have not spoken with them
 * - `paused`: we didn't run for a while, and so could not object to anything
 * - `silence`: nobody was heard of for a while, although there were others
 * - `declared-dead`: somebody said that we are dead
 */
export type DoubtReason = "joining" | "paused" | "silence" | "declared-dead";

/** What ends a doubt: an answer to something asked since, or an exchange of state begun since. */
type Cure = "answer" | "exchange";

/**
 * `doubtful`: whoever holds something that only one member may hold has to let go of it until this member is `sure`
 * again. `peers` is how many others there were when the doubt began: with a single other one, silence can't tell its
 * end from ours. Where `cure` is an answer, nobody can have taken our place yet.
 */
export type Standing =
  | { readonly kind: "sure" }
  | {
      readonly kind: "doubtful";
      readonly reason: DoubtReason;
      readonly since: Millis;
      readonly peers: number;
      readonly cure: Cure;
    };

const SURE: Standing = { kind: "sure" };

/** Who can't be reached in this time when we begin doesn't know us either. */
const JOIN_PATIENCE = seconds(3);

/**
 * Judges whether we may have been replaced. Others declare us dead at the earliest one probe and one shortest suspicion
 * after they last heard of us, so doubt that begins within one shortest suspicion comes before any replacement. A pause
 * that was shorter ends with any fresh answer; after all else only an exchange of state shows what the others believe.
 */
export class SelfDoubt {
  readonly #peers: () => number;
  #standing: Standing;
  #heardAt: Millis;
  /** When a beginner stops waiting for others. */
  #joinBy: Millis = millis(Infinity);
  /** How long we may be silent, or not run. */
  #silenceLimit: Millis = millis(Infinity);

  /** Begins with the doubt of a beginner. `peers` is the number of other members that are there. */
  constructor(peers: () => number, now: Millis) {
    this.#peers = peers;
    this.#heardAt = now;
    this.#standing = { kind: "doubtful", reason: "joining", since: now, peers: 0, cure: "exchange" };
  }

  get standing(): Standing {
    return this.#standing;
  }

  /**
   * Whether we hear none of several others, so that it is likely we who are cut off. What we think of them may reach them
   * when that is over, and is no longer true then: nobody is to be called dead for it.
   */
  get mayBeCutOff(): boolean {
    const standing = this.#standing;
    return standing.kind === "doubtful" && standing.reason === "silence" && standing.peers > 1;
  }

  /** Whether an answer would not be enough. */
  get needsExchange(): boolean {
    return this.#standing.kind === "doubtful" && this.#standing.cure === "exchange";
  }

  /** `shortest` is what a suspect has in a cluster of the present size; 0: nobody is probed. */
  setShortestSuspicion(shortest: Millis): void {
    this.#silenceLimit = shortest > 0 ? shortest : millis(Infinity);
  }

  /** Lateness from which on a wake-up is a pause. Half of the limit, since somebody may have suspected us before. */
  get pauseLimit(): Millis {
    return millis(this.#silenceLimit / 2);
  }

  /** We know where others may be. A beginner gives them some time to answer. */
  beginJoining(now: Millis): void {
    if (this.#joinBy === Infinity) this.#joinBy = millis(now + JOIN_PATIENCE);
  }

  /** Something came from another member. */
  heard(now: Millis): void {
    this.#heardAt = now;
  }

  /** Time in which we didn't run was not silence. */
  postpone(by: Millis): void {
    this.#heardAt = millis(this.#heardAt + by);
  }

  /** An answer came to what was asked at `askedAt`. */
  answered(askedAt: Millis): void {
    if (this.#standing.kind !== "doubtful" || this.#standing.cure !== "answer") return;
    if (askedAt >= this.#standing.since) this.#standing = SURE;
  }

  /** An exchange that began at `begunAt` succeeded. */
  exchanged(begunAt: Millis): void {
    if (this.#standing.kind === "doubtful" && begunAt >= this.#standing.since) this.#standing = SURE;
  }

  /** There is nobody whom we could ask. */
  alone(): void {
    this.#standing = SURE;
  }

  /** What came before the newest doubt cures nothing. A doubt that needs more than an answer goes on needing it. */
  doubt(reason: DoubtReason, now: Millis, cure: Cure = "exchange"): void {
    const before = this.#standing;
    const peers = this.#peers();
    if (before.kind === "doubtful" && before.reason === "joining") return;
    this.#standing =
      before.kind === "sure"
        ? { kind: "doubtful", reason, since: now, peers, cure }
        : {
            kind: "doubtful",
            reason,
            since: now,
            peers: Math.max(peers, before.peers),
            cure: before.cure === "exchange" ? "exchange" : cure,
          };
  }

  /** We ran `late` later than we wanted to. */
  ranLate(late: Millis, now: Millis): void {
    if (late < this.pauseLimit || (this.#peers() === 0 && this.#standing.kind === "sure")) return;
    this.doubt("paused", now, late < this.#silenceLimit ? "answer" : "exchange");
  }

  /** When there is something to judge next. */
  get wakeAt(): Millis {
    const { kind } = this.#standing;
    if (kind === "sure") return millis(this.#peers() === 0 ? Infinity : this.#heardAt + this.#silenceLimit);
    if (this.#standing.reason === "joining") return this.#joinBy;
    return millis(Infinity);
  }

  wake(now: Millis): void {
    if (now < this.wakeAt) return;
    if (this.#standing.kind === "doubtful") this.alone();
    else this.doubt("silence", now);
  }
}
