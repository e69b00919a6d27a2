import type { DoubtReason, Standing } from "../membership/self-doubt.ts";

/**
 * Whether to answer for nothing, since others may have taken our place. Where there was a single other speaker, its
 * silence is more likely its end than ours, and then nobody else would answer.
 */
export function holdsBack(standing: Standing): boolean {
  if (standing.kind === "sure") return false;
  return standing.reason !== "silence" || standing.peers > 1;
}

/** What each reason for doubt means to people, after the name of a speaker. */
export const DOUBTS: Readonly<Record<DoubtReason, string>> = {
  joining: "has yet to join the other speakers",
  paused: "did not run for a while",
  silence: "hears nothing from any other speaker",
  "declared-dead": "was declared dead by another speaker",
};
