/** Nearest rank: of few values, the highest quantiles are the highest value. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function spread(values: readonly number[], digits = 1): Spread {
  const at = (share: number): number => rounded(quantile(values, share), digits);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

export function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
