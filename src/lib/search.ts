/**
 * The first index below `length` for which `before` is false, or `length`. `before` must be true for a first part of the
 * indexes and false for the rest; it is asked O(log n) times.
 */
export function partitionPoint(length: number, before: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
