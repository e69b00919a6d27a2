import type { Millis } from "../lib/duration.ts";

/** A permission to write that can end at any moment, for example while the process is stopped. */
export interface WritePermit {
  /** How long it still lasts; 0: there is none. To be asked right before something leaves the process. */
  remaining(): Millis;
  /** Aborted when the permission ends that is in force now. Already aborted when there is none. */
  readonly signal: AbortSignal;
}

/** How the leader before us ended. */
export type Succession =
  /** It said so, or there was none: nothing of it is under way any more. */
  | "orderly"
  /** Its Lease ran out. What it sent last may reach the API server after it was followed. */
  | "unclean";

/** What a candidate is told. Calls alternate, and `lead` comes first. */
export interface Candidate {
  lead(succession: Succession): void;
  /**
   * Somebody else leads. Not called while the permission to write is only interrupted: as long as nobody else has led,
   * what was decided stays true.
   */
  stepDown(): void;
}

export interface Elector {
  /** There is none before the start. */
  readonly permit: WritePermit;
  start(candidate: Candidate): void;
  /**
   * Takes no part any more and ends the permission. With `release`, followers need not wait: only when nothing that we
   * sent is under way. Resolves when that is told, or could not be told in time.
   */
  close(options: { readonly release: boolean }): Promise<void>;
}
