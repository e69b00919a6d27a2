type Painter = (text: string) => string;

/** Colours, or none: what is printed reads the same without them. */
export interface Paint {
  readonly bold: Painter;
  readonly dim: Painter;
  readonly red: Painter;
  readonly yellow: Painter;
  readonly green: Painter;
}

const asItIs: Painter = (text) => text;

export const NO_PAINT: Paint = { bold: asItIs, dim: asItIs, red: asItIs, yellow: asItIs, green: asItIs };

/**
 * Whether to colour what goes to a stream: only on a terminal, and not against the user's wish (https://no-color.org).
 */
export function wantsColor(isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTty && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}
