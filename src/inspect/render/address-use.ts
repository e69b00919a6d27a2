interface Use {
  readonly inUse: string;
  readonly total: string;
}

/** `3/256 v4`, `3/256 v4, 0/2^64 v6`; families without addresses are not mentioned. */
export function addressUse({ IPv4, IPv6 }: { readonly IPv4: Use; readonly IPv6: Use }): string {
  const parts = [["v4", IPv4] as const, ["v6", IPv6] as const].filter(([, { total }]) => total !== "0");
  return parts.map(([family, { inUse, total }]) => `${inUse}/${magnitude(total)} ${family}`).join(", ");
}

/** Numbers that nobody can read become powers of two. */
function magnitude(total: string): string {
  return total.length <= 9 ? total : `2^${BigInt(total).toString(2).length - 1}`;
}
