import { expect, test } from "vitest";
import { formatAddress, type IpAddress, parseAddress } from "../ip/address.ts";
import { millis, seconds } from "../lib/duration.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import type { AddressCounters } from "./protocol.ts";
import { RequestCounters } from "./request-counters.ts";

const FIRST = parseAddress("10.16.0.0")!;
const ASKER = Uint8Array.of(2, 0, 0, 0, 0, 9);

function counting(): { clock: ManualClock; counters: RequestCounters; told: (readonly AddressCounters[])[] } {
  const clock = new ManualClock();
  const told: (readonly AddressCounters[])[] = [];
  return { clock, counters: new RequestCounters(clock, (counters) => void told.push(counters)), told };
}

function address(n: number): IpAddress {
  return (FIRST + BigInt(n)) as IpAddress;
}

test("tells of an address once a second, with all that was counted", () => {
  const { clock, counters, told } = counting();
  counters.answered(address(0), "eth0", ASKER);
  clock.advance(millis(600));
  counters.answered(address(0), "eth0", ASKER);
  clock.advance(millis(400));
  expect(told).toMatchObject([
    [
      {
        requestsReceived: 2,
        responsesSent: 2,
        lastAnswered: { agoMs: 400, interface: "eth0", to: "02:00:00:00:00:09" },
      },
    ],
  ]);
  clock.advance(seconds(10));
  expect(told).toHaveLength(1);
});

test("tells of thousands in parts, in the order in which they were asked for", () => {
  const { clock, counters, told } = counting();
  for (let n = 0; n < 600; n++) counters.answered(address(n), "eth0", ASKER);
  clock.advance(seconds(1));
  expect(told.map((part) => part.length)).toEqual([250]);
  counters.answered(address(0), "eth0", ASKER);
  clock.advance(seconds(1));
  expect(told.map((part) => part.length)).toEqual([250, 250, 101]);
  expect(formatAddress(told[2]!.at(-1)!.address)).toBe("10.16.0.0");
  expect(told.flat().reduce((sum, { responsesSent }) => sum + responsesSent, 0)).toBe(601);
});

test("tells all at once when asked to, and nothing again", () => {
  const { clock, counters, told } = counting();
  for (let n = 0; n < 600; n++) counters.gratuitous(address(n));
  counters.flush();
  clock.advance(seconds(10));
  expect(told.map((part) => part.length)).toEqual([600]);
});
