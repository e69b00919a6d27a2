import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import type { IpAddress } from "../ip/address.ts";
import { formatPrefix, prefixRange } from "../ip/prefix.ts";
import { widestPrefix } from "./widest-prefix.ts";

test.each([
  ["0.0.0.0", "255.255.255.255", "0.0.0.0/0"],
  ["10.0.0.0", "10.0.0.255", "10.0.0.0/24"],
  ["10.0.0.1", "10.0.0.6", "10.0.0.2/31"],
  ["10.0.0.7", "10.0.0.7", "10.0.0.7/32"],
  ["10.0.0.7", "10.0.0.8", "10.0.0.7/32"],
  ["fd00::", "fd00::ffff:ffff:ffff:ffff", "fd00::/64"],
  ["fd00::1", "fd00::ff", "fd00::80/121"],
  ["fd00::7", "fd00::7", "fd00::7/128"],
])("of %s to %s: %s", (first, last, want) => {
  expect(formatPrefix(widestPrefix({ first: parseAddress(first)!, last: parseAddress(last)! }))).toBe(want);
});

test.each(["10.0.0.0", "fd00::"])("no wider prefix from %s fits", (start) => {
  const base = parseAddress(start)!;
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), (from, size) => {
      const range = { first: (base + BigInt(from)) as IpAddress, last: (base + BigInt(from + size)) as IpAddress };
      const { address, length } = widestPrefix(range);
      const found = prefixRange({ address, length });
      expect(found.first >= range.first && found.last <= range.last).toBe(true);
      const twice = 2n * (found.last - found.first + 1n);
      const next = ((range.first + twice - 1n) / twice) * twice;
      expect(next + twice - 1n > range.last).toBe(true);
    }),
  );
});
