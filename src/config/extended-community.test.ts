import { expect, test } from "vitest";
import { parseExtendedCommunity } from "./extended-community.ts";

test.each([
  ["rt:65000:100", 0x0002_fde8_0000_0064n],
  ["rt:65000:4294967295", 0x0002_fde8_ffff_ffffn],
  ["soo:1:0", 0x0003_0001_0000_0000n],
  ["rt:65536:7", 0x0202_0001_0000_0007n],
  ["soo:4294967295:65535", 0x0203_ffff_ffff_ffffn],
  ["rt:192.0.2.1:100", 0x0102_c000_0201_0064n],
  ["soo:255.255.255.255:1", 0x0103_ffff_ffff_0001n],
  ["0x4004fde84cbebc20", 0x4004_fde8_4cbe_bc20n],
  ["0x0000000000000000", 0n],
])("%s", (text, want) => {
  expect(parseExtendedCommunity(text)).toBe(want);
});

test.each([
  "",
  "65000:100",
  "rt:65000",
  "rt:65000:",
  "rt::100",
  "rt:65000:100:1",
  "rt:65000:4294967296",
  "rt:65536:65536",
  "rt:4294967296:1",
  "rt:192.0.2.1:65536",
  "rt:192.0.2.256:1",
  "rt:-1:1",
  "rt:1: 1",
  "RT:65000:100",
  "color:1:1",
  "toString:1:1",
  "0x4004fde84cbebc2",
  "0x4004fde84cbebc200",
  "0x4004fde84cbebc2g",
])("%j is none", (text) => {
  expect(parseExtendedCommunity(text)).toBeUndefined();
});
