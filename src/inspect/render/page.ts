import type { Paint } from "./paint.ts";

/** What text is laid out for. */
export interface Page {
  readonly paint: Paint;
  /** Characters per line; Infinity: lines are not broken. */
  readonly width: number;
}
