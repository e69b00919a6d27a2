/** What the dashboard's variables leave of all processes. */
const OURS = `namespace=~"$namespace", job=~"$job"`;

/** Series of the controller. */
export function controller(metric: string, more = ""): string {
  return series(metric, OURS, more);
}

/** Series of the speakers on the chosen nodes. */
export function speaker(metric: string, more = ""): string {
  return series(metric, `${OURS}, node=~"$node"`, more);
}

/** Series of the controller about the chosen pools. */
export function pool(metric: string): string {
  return series(metric, OURS, `pool=~"$pool"`);
}

/** How often a counter rises in a second. */
export function perSecond(counter: string): string {
  return `rate(${counter}[$__rate_interval])`;
}

/** By how much a counter has risen since the point before. */
export function risen(counter: string): string {
  return `increase(${counter}[$__rate_interval])`;
}

function series(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${matchers.filter((matcher) => matcher !== "").join(", ")}}`;
}
