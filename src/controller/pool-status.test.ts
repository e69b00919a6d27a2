import { describe, expect, test } from "vitest";
import { poolStatus, poolStatusJson, showsPoolStatus } from "./pool-status.ts";

const count = (total: bigint, inUse: number) => ({ total, inUse });
const NONE = count(0n, 0);

describe("pool status", () => {
  test.each([
    {
      name: "IPv4",
      IPv4: count(256n, 3),
      IPv6: NONE,
      json: '{"assignedIPv4":3,"assignedIPv6":0,"availableIPv4":253,"availableIPv6":0}',
    },
    {
      name: "an IPv6 /70 with all its digits",
      IPv4: NONE,
      IPv6: count(1n << 58n, 3),
      json: '{"assignedIPv4":0,"assignedIPv6":3,"availableIPv4":0,"availableIPv6":288230376151711741}',
    },
    {
      name: "an IPv6 /64 as the largest int64",
      IPv4: NONE,
      IPv6: count(1n << 64n, 3),
      json: '{"assignedIPv4":0,"assignedIPv6":3,"availableIPv4":0,"availableIPv6":9223372036854775807}',
    },
    {
      name: "a full pool",
      IPv4: count(2n, 2),
      IPv6: NONE,
      json: '{"assignedIPv4":2,"assignedIPv6":0,"availableIPv4":0,"availableIPv6":0}',
    },
  ])("$name", ({ IPv4, IPv6, json }) => {
    const status = poolStatus({ IPv4, IPv6 });
    expect(JSON.stringify(poolStatusJson(status))).toBe(json);
    expect(showsPoolStatus(JSON.parse(json), status)).toBe(true);
    expect(showsPoolStatus({ ...JSON.parse(json), assignedIPv4: 77 }, status)).toBe(false);
    expect(showsPoolStatus(undefined, status)).toBe(false);
  });
});
