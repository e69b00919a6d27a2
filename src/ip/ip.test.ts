import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressFromBytes,
  addressToBytes,
  familyOf,
  formatAddress,
  isLinkLocalUnicast,
  parseAddress,
} from "./address.ts";
import { formatMac, parseMac } from "./mac.ts";
import { formatPrefix, parsePrefix, prefixRange } from "./prefix.ts";
import { formatRange, rangeContains, rangeSize, rangesOverlap } from "./range.ts";

describe("parseAddress", () => {
  test.each([
    ["192.168.1.100", "192.168.1.100", "IPv4"],
    ["0.0.0.0", "0.0.0.0", "IPv4"],
    ["::ffff:10.0.0.1", "10.0.0.1", "IPv4"],
    ["FD00:0:0::A", "fd00::a", "IPv6"],
    ["::", "::", "IPv6"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "IPv6"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304", "IPv6"],
  ])("%s is %s (%s)", (text, canonical, family) => {
    const address = parseAddress(text)!;
    expect(formatAddress(address)).toBe(canonical);
    expect(familyOf(address)).toBe(family);
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.2.3.256",
    "1.2.3.4 ",
    " ::1",
    "fe80::1%eth0",
    "::1::",
    "0x1.2.3.4",
    "1",
    "12345::",
    "::ffff:1.2.3.04",
    "1.2.3.4/24",
    "a".repeat(10_000),
  ])("refuses %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test("text and bytes round-trip in both families", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(bytes, (b) => {
        const address = addressFromBytes(b);
        expect(parseAddress(formatAddress(address))).toBe(address);
        if (b.length === 4 || familyOf(address) === "IPv6") expect(addressToBytes(address)).toEqual(b);
      }),
    );
  });

  test("link-local", () => {
    expect(isLinkLocalUnicast(parseAddress("fe80::1")!)).toBe(true);
    expect(isLinkLocalUnicast(parseAddress("febf::1")!)).toBe(true);
    expect(isLinkLocalUnicast(parseAddress("fec0::1")!)).toBe(false);
    expect(isLinkLocalUnicast(parseAddress("169.254.0.1")!)).toBe(false);
  });
});

describe("parsePrefix", () => {
  test.each([
    ["10.0.0.5/24", "10.0.0.0/24", 256n],
    ["10.0.0.5/32", "10.0.0.5/32", 1n],
    ["0.0.0.0/0", "0.0.0.0/0", 1n << 32n],
    ["fd00::5/64", "fd00::/64", 1n << 64n],
    ["::1/128", "::1/128", 1n],
  ])("%s is %s", (text, canonical, size) => {
    const prefix = parsePrefix(text)!;
    expect(formatPrefix(prefix)).toBe(canonical);
    expect(rangeSize(prefixRange(prefix))).toBe(size);
  });

  test.each(["10.0.0.1", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/1/2", "/24"])(
    "refuses %j",
    (text) => {
      expect(parsePrefix(text)).toBeUndefined();
    },
  );
});

test("ranges contain, overlap and print", () => {
  const v4 = prefixRange(parsePrefix("10.0.0.0/30")!);
  expect(formatRange(v4)).toBe("10.0.0.0-10.0.0.3");
  expect(rangeContains(v4, parseAddress("10.0.0.3")!)).toBe(true);
  expect(rangeContains(v4, parseAddress("10.0.0.4")!)).toBe(false);
  expect(rangesOverlap(v4, prefixRange(parsePrefix("10.0.0.2/31")!))).toBe(true);
  expect(rangesOverlap(v4, prefixRange(parsePrefix("10.0.0.4/31")!))).toBe(false);
  expect(rangesOverlap(v4, prefixRange(parsePrefix("fd00::/64")!))).toBe(false);
});

test("MAC addresses parse and print", () => {
  expect(formatMac(parseMac("02:00:0A:ff:00:01")!)).toBe("02:00:0a:ff:00:01");
  expect(parseMac("02:00:0a:ff:00")).toBeUndefined();
  expect(parseMac("02-00-0a-ff-00-01")).toBeUndefined();
});
