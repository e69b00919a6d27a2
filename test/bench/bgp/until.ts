/** Asks until it is so. Fails when it is not within so many milliseconds. Resolves with when it was last asked, since 1970. */
export async function until(what: string, within: number, isSo: () => Promise<boolean>): Promise<number> {
  for (const end = now() + within; !(await isSo());) {
    if (now() > end) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((turn) => setTimeout(turn, 20));
  }
  return now();
}

/** Milliseconds since 1970 with fractions, as captures have them. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
