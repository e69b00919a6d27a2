import { type Millis, millis, seconds } from "../../lib/duration.ts";
import { CEASE, NOTIFICATION } from "../notification.ts";
import type { EndCode, EndReason } from "./reason.ts";

export interface DampingSettings {
  /** What a session waits in Idle that fails for the second time; doubles with each further time. */
  readonly first: Millis;
  readonly longest: Millis;
  /** A session that was established for so long has settled: its next failure is a first one. */
  readonly stableAfter: Millis;
}

export const DAMPING: DampingSettings = { first: seconds(2), longest: seconds(60), stableAfter: seconds(300) };

/** Ends that say nothing about how the next attempt will go. */
const HARMLESS: ReadonlySet<EndCode> = new Set(["admin-reset", "config-changed", "bfd-down", "collision", "replaced"]);

/**
 * Subcodes of a peer's Cease that say no more. To count "connection rejected" would have two speakers that damp reject
 * each other in turns, and never meet.
 */
const HARMLESS_CEASE: ReadonlySet<number> = new Set([
  CEASE.ADMIN_RESET,
  CEASE.CONNECTION_REJECTED,
  CEASE.CONFIGURATION_CHANGE,
  CEASE.COLLISION,
]);

function isHarmless({ code, notification }: EndReason): boolean {
  if (code !== "peer-notified") return HARMLESS.has(code);
  return notification?.code === NOTIFICATION.CEASE && HARMLESS_CEASE.has(notification.subcode);
}

/**
 * DampPeerOscillations of RFC 4271 §8.1.1: a session that fails again and again stays in Idle for longer and longer. The
 * first failure costs nothing, since most have their cause in a router that restarts.
 */
export class Damping {
  readonly #settings: DampingSettings;
  #failures = 0;

  constructor(settings: DampingSettings) {
    this.#settings = settings;
  }

  /** IdleHoldTime after an end; 0: none. `established` is how long the session was. */
  idleHoldTime(reason: EndReason, established: Millis): Millis {
    const { first, longest, stableAfter } = this.#settings;
    if (established >= stableAfter) this.#failures = 0;
    if (isHarmless(reason)) return millis(0);
    const before = this.#failures++;
    return before === 0 ? millis(0) : millis(Math.min(longest, first * 2 ** Math.min(before - 1, 30)));
  }

  reset(): void {
    this.#failures = 0;
  }
}
