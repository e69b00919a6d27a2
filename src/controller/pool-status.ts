import type { FamilyCount, PoolCount } from "../allocator/allocator.ts";

/** Status fields of an IPAddressPool; int64 in the CRD. */
export interface PoolStatus {
  readonly assignedIPv4: bigint;
  readonly assignedIPv6: bigint;
  readonly availableIPv4: bigint;
  readonly availableIPv6: bigint;
}

const INT64_MAX = (1n << 63n) - 1n;

/** Numbers beyond int64 are shown as its largest value, as the reference does. */
export function poolStatus(count: PoolCount): PoolStatus {
  return {
    assignedIPv4: BigInt(count.IPv4.inUse),
    assignedIPv6: BigInt(count.IPv6.inUse),
    availableIPv4: available(count.IPv4),
    availableIPv6: available(count.IPv6),
  };
}

/** Whether a status that was read says the same, as far as JSON numbers can tell. */
export function showsPoolStatus(observed: unknown, wanted: PoolStatus): boolean {
  if (typeof observed !== "object" || observed === null) return false;
  const shown = new Map<string, unknown>(Object.entries(observed));
  return Object.entries(wanted).every(([field, value]: [string, bigint]) => shown.get(field) === Number(value));
}

/** As a JSON value with all its digits, which a Number would lose beyond 2^53. */
export function poolStatusJson(status: PoolStatus): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(status).map(([field, value]: [string, bigint]) => [field, rawNumber(value)]),
  );
}

function available({ total, inUse }: FamilyCount): bigint {
  const left = total - BigInt(inUse);
  return left > INT64_MAX ? INT64_MAX : left;
}

function rawNumber(value: bigint): unknown {
  const json = JSON as JSON & { rawJSON(text: string): unknown };
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : json.rawJSON(value.toString());
}
