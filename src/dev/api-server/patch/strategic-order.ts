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
  for (const item of named) {
    const place = before.get(key(item)) ?? -1;
    while (others.length > 0 && (before.get(key(others[0])) ?? Infinity) < place) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

function places(list: readonly unknown[], key: (item: unknown) => string): Map<string, number> {
  return new Map(list.map((item, index) => [key(item), index]));
}
