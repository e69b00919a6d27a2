import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { describeNotification, shutdownData } from "../notification.ts";
import { END_CODES, peerNotified, stopped, type StopReason, tooManyPrefixes } from "./reason.ts";

describe("an end that we want", () => {
  test.each<[StopReason, string | undefined, number, string, string]>([
    ["admin-shutdown", undefined, 2, "", "shut down"],
    ["admin-shutdown", "new rack", 2, "new rack", "shut down: new rack"],
    ["admin-reset", "new rack", 4, "new rack", "reset: new rack"],
    ["deconfigured", "not for the peer", 3, "", "no longer configured: not for the peer"],
    ["config-changed", undefined, 6, "", "the configuration has changed"],
    ["bfd-down", undefined, 10, "", "BFD says that the path is down"],
  ])("%s, %j: Cease %d with %j", (why, text, subcode, communication, shown) => {
    const data = communication === "" ? new Uint8Array() : shutdownData(communication);
    const notification = { type: "notification", code: 6, subcode, data };
    expect(stopped(why, text)).toEqual({ code: why, text: shown, notification });
  });
});

test("what the peer says of its end is there in words", () => {
  const notification = { type: "notification", code: 6, subcode: 2, data: shutdownData("zürich\nis off") } as const;
  expect(peerNotified(notification).text).toBe('the peer says: cease: administrative shutdown: "zürich is off"');
});

test("too many prefixes are told with family and limit (RFC 4486 §4)", () => {
  const { notification } = tooManyPrefixes(2, 1, 2_000_000);
  expect(describeNotification(notification!)).toBe("cease: maximum number of prefixes reached (data 000201001e8480)");
});

test("docs/bgp.md explains each code", () => {
  const docs = readFileSync("docs/bgp.md", "utf8");
  expect(END_CODES.filter((code) => !docs.includes(`\`${code}\``))).toEqual([]);
});
