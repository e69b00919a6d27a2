import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IpAddress } from "../ip/address.ts";
import { familyOf, formatAddress, parseAddress } from "../ip/address.ts";
import { parsePrefix, prefixRange } from "../ip/prefix.ts";
import type { IpRange } from "../ip/range.ts";
import { rangeContains } from "../ip/range.ts";
import { OrdinalSpace } from "./ordinal-space.ts";

function range(text: string): IpRange {
  const [first, last] = text.split("-");
  if (last !== undefined) return { first: parseAddress(first!)!, last: parseAddress(last)! };
  return prefixRange(parsePrefix(text)!);
}

describe("sizes", () => {
  test.each([
    { ranges: ["10.0.0.0/24"], avoid: false, v4: 256n, v6: 0n },
    { ranges: ["10.0.0.0/24", "10.0.1.0/25"], avoid: false, v4: 384n, v6: 0n },
    { ranges: ["10.0.0.0/24", "10.0.1.0/25"], avoid: true, v4: 381n, v6: 0n },
    { ranges: ["10.0.0.0/31", "fd00::/127"], avoid: true, v4: 1n, v6: 2n },
    { ranges: ["10.0.0.254/31", "fd00::fe/127"], avoid: true, v4: 1n, v6: 2n },
    { ranges: ["10.0.0.255/32", "10.0.1.0/32"], avoid: true, v4: 0n, v6: 0n },
    { ranges: ["10.0.0.200-10.0.2.3"], avoid: true, v4: 55n + 254n + 3n, v6: 0n },
    { ranges: ["10.0.0.0/8", "fd00::/64"], avoid: true, v4: 65_536n * 254n, v6: 1n << 64n },
    { ranges: ["0.0.0.0/0", "::/1"], avoid: false, v4: 1n << 32n, v6: 1n << 127n },
  ])("$ranges, avoidBuggyIPs $avoid", ({ ranges, avoid, v4, v6 }) => {
    const parsed = ranges.map(range);
    expect(new OrdinalSpace(parsed, "IPv4", avoid).size).toBe(v4);
    expect(new OrdinalSpace(parsed, "IPv6", avoid).size).toBe(v6);
  });
});

test("addresses come in the configured order of ranges, ascending inside each", () => {
  const space = new OrdinalSpace(
    [range("10.0.1.254-10.0.2.1"), range("10.0.0.255/32"), range("10.0.0.9/32")],
    "IPv4",
    true,
  );
  const all = Array.from({ length: Number(space.size) }, (_, i) => formatAddress(space.addressAt(BigInt(i))));
  expect(all).toEqual(["10.0.1.254", "10.0.2.1", "10.0.0.9"]);
});

test("numbering is a bijection that skips exactly the addresses that end in 0 and 255", () => {
  const blocks = fc.array(fc.tuple(fc.nat(900), fc.nat(600)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(blocks, fc.boolean(), fc.constantFrom("10.0.0.0", "fd00::"), (gaps, avoid, base) => {
      let next: bigint = parseAddress(base)!;
      const ranges = gaps.map(([gap, length]) => {
        const first = next + BigInt(gap);
        next = first + BigInt(length) + 1n;
        return { first, last: next - 1n } as IpRange;
      });
      const family = familyOf(ranges[0]!.first);
      const configured = ranges.toReversed();
      const space = new OrdinalSpace(configured, family, avoid);
      let ordinal = 0n;
      for (const { first, last } of configured) {
        for (let address = first; address <= last; address = (address + 1n) as IpAddress) {
          const segment = space.segments.find(({ range }) => rangeContains(range, address))!;
          const buggy = avoid && family === "IPv4" && [0n, 255n].includes(address & 0xffn);
          expect(space.ordinalOf(segment, address)).toBe(buggy ? undefined : ordinal);
          if (!buggy) expect(space.addressAt(ordinal++)).toBe(address);
        }
      }
      expect(space.size).toBe(ordinal);
    }),
    { numRuns: 60 },
  );
});
