import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Community } from "./community.ts";
import { compareCommunities, formatCommunity, parseCommunity, wellKnownCommunity } from "./community.ts";

describe("literals", () => {
  test.each([
    ["65000:100", { is: "standard", asn: 65_000, value: 100 }, "65000:100"],
    ["0:0", { is: "standard", asn: 0, value: 0 }, "0:0"],
    ["007:65535", { is: "standard", asn: 7, value: 65_535 }, "7:65535"],
    ["large:4294967295:0:5", { is: "large", asn: 4_294_967_295, data1: 0, data2: 5 }, "large:4294967295:0:5"],
  ])("%s", (text, value, canonical) => {
    expect(parseCommunity(text)).toEqual({ ok: true, value });
    expect(formatCommunity(value as Community)).toBe(canonical);
  });

  test.each([
    ["value", "65536:1", 'invalid community value: invalid section: "65536" of "65536:1"'],
    ["value", "1:-1", 'invalid community value: invalid section: "-1"'],
    ["value", "1:", 'invalid community value: invalid section: ""'],
    ["value", "1: 2", 'invalid community value: invalid section: " 2"'],
    ["value", "0x1:2", 'invalid community value: invalid section: "0x1"'],
    ["value", "large:1:2:4294967296", 'invalid community value: invalid section: "4294967296"'],
    ["value", "small:1:2:3", "expected community to be of format large"],
    ["value", "1:2:3:4", "expected community to be of format large"],
    ["format", "", "invalid community format"],
    ["format", "4259840100", "invalid community format"],
    ["format", "1:2:3", "invalid community format"],
    ["format", "large:1:2:3:4", "invalid community format"],
    ["format", "x".repeat(1_000_000), "invalid community format"],
  ])("a wrong %s: %.30s", (is, text, message) => {
    const parsed = parseCommunity(text);
    expect(parsed).toEqual({ ok: false, error: { is, message: expect.stringContaining(message) as string } });
    if (!parsed.ok) expect(parsed.error.message.length).toBeLessThan(300);
  });
});

test.each([
  ["no-export", "65535:65281"],
  ["no-advertise", "65535:65282"],
  ["no-export-subconfed", "65535:65283"],
  ["no-peer", "65535:65284"],
  ["blackhole", "65535:666"],
  ["graceful-shutdown", "65535:0"],
])("%s is %s", (name, want) => {
  expect(formatCommunity(wellKnownCommunity(name)!)).toBe(want);
});

test("names of objects are no well-known communities", () => {
  expect(wellKnownCommunity("constructor")).toBeUndefined();
  expect(wellKnownCommunity("NO-EXPORT")).toBeUndefined();
});

test("a standard community is ordered as its 32-bit value among large ones", () => {
  const texts = ["large:65536:1:1", "1:1", "0:5", "large:5:0:1", "large:65537:0:0", "1:0", "large:5:0:0"];
  const sorted = texts.map(parse).sort(compareCommunities).map(formatCommunity);
  expect(sorted).toEqual(["0:5", "large:5:0:0", "large:5:0:1", "1:0", "large:65536:1:1", "1:1", "large:65537:0:0"]);
});

function parse(text: string): Community {
  const parsed = parseCommunity(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

test("what is formatted is parsed back, and order agrees with equality", () => {
  const uint16 = fc.nat(0xffff);
  const uint32 = fc.nat(0xffff_ffff);
  const community: fc.Arbitrary<Community> = fc.oneof(
    fc.record({ is: fc.constant("standard" as const), asn: uint16, value: uint16 }),
    fc.record({ is: fc.constant("large" as const), asn: uint32, data1: uint32, data2: uint32 }),
  );
  fc.assert(
    fc.property(community, community, (a, b) => {
      expect(parse(formatCommunity(a))).toEqual(a);
      expect(Math.sign(compareCommunities(a, b))).toBe(-Math.sign(compareCommunities(b, a)) + 0);
    }),
  );
});
