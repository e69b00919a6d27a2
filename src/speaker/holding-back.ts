import type { Standing } from "../membership/self-doubt.ts";

/**
 * Whether to answer for nothing, since others may have taken our place. Where there was a single other speaker, its
 * silence is more likely its end than ours, and then nobody else would answer.
 */
export function holdsBack(standing: Standing): boolean {
  if (standing.kind === "sure") return false;
  return standing.reason !== "silence" || standing.peers > 1;
}
