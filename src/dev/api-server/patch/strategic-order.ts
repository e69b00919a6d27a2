/**
 * Puts a merged list in the order that `$setElementOrder` asks for. Items that the patch does not name keep their
 * order among themselves and their place before the named item that followed them in the stored list.
 */
export function orderList(
  merged: readonly unknown[],
  stored: readonly unknown[],
  order: readonly unknown[] | undefined,
  key: (item: unknown) => string,
): unknown[] {
  if (order === undefined) return [...merged];
  const wanted = places(order, key);
  const before = places(stored, key);
  const named = merged
    .filter((item) => wanted.has(key(item)))
    .sort((a, b) => wanted.get(key(a))! - wanted.get(key(b))!);
  const others = merged.filter((item) => !wanted.has(key(item)));
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const place = before.get(key(item)) ?? -1;
    while (next < others.length && (before.get(key(others[next])) ?? Infinity) < place) result.push(others[next++]);
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function places(list: readonly unknown[], key: (item: unknown) => string): Map<string, number> {
  return new Map(list.map((item, index) => [key(item), index]));
}
