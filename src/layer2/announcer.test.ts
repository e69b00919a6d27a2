import { describe, expect, test } from "vitest";
import { toHex } from "../bytes/hex.ts";
import { parseAddress } from "../ip/address.ts";
import { parseMac } from "../ip/mac.ts";
import { millis } from "../lib/duration.ts";
import { BurstSchedule, gratuitousFrames, ROUND_INTERVAL } from "./announcer.ts";

const MAC = parseMac("02:00:00:00:00:01")!;
const V4 = parseAddress("10.9.0.100")!;
const V6 = parseAddress("fd09::100")!;

describe("gratuitous frames", () => {
  test("IPv4: a request and a reply to all, about the address itself", () => {
    const frame = (operation: string) =>
      ["ffffffffffff0200000000010806", "000108000604", operation, "0200000000010a090064", "ffffffffffff0a090064"].join(
        "",
      );
    expect(gratuitousFrames(V4, MAC).map(toHex)).toEqual([frame("0001"), frame("0002")]);
  });

  test("IPv6: an unsolicited advertisement that overrides, to all nodes (RFC 4861 §7.2.6)", () => {
    const [frame, ...rest] = gratuitousFrames(V6, MAC);
    expect(rest).toEqual([]);
    const text = toHex(frame!);
    expect(text.slice(0, 28)).toBe("33330000000102000000000186dd");
    expect(text.slice(44, 108)).toBe("fd090000000000000000000000000100ff020000000000000000000000000001");
    expect(text.slice(108, 112)).toBe("8800");
    expect(text.slice(116)).toBe("20000000fd0900000000000000000000000001000201020000000001");
  });
});

describe("the schedule", () => {
  /** Times of the rounds of V4, when `at(now)` runs before each tick. */
  function rounds(at: (now: number, schedule: BurstSchedule) => void = () => {}): number[] {
    const schedule = new BurstSchedule();
    const times: number[] = schedule.start(V4, millis(0)) ? [0] : [];
    for (let now = 0; schedule.active && now < 60_000;) {
      now += ROUND_INTERVAL;
      at(now, schedule);
      if (schedule.tick(millis(now)).includes(V4)) times.push(now);
    }
    return times;
  }

  test("five rounds, then nothing", () => {
    expect(rounds()).toEqual([0, 1100, 2200, 3300, 4400]);
  });

  test("announcing again prolongs it, without a round in between", () => {
    const times = rounds((now, schedule) => {
      if (now === 3300) expect(schedule.start(V4, millis(3000))).toBe(false);
    });
    expect(times).toEqual([0, 1100, 2200, 3300, 4400, 5500, 6600, 7700]);
  });

  test("an address that is withdrawn is dropped at once", () => {
    const times = rounds((now, schedule) => {
      if (now === 2200) schedule.stop(V4);
    });
    expect(times).toEqual([0, 1100]);
  });

  test("after its burst an address starts anew", () => {
    const schedule = new BurstSchedule();
    schedule.start(V4, millis(0));
    schedule.tick(millis(5001));
    expect(schedule.active).toBe(false);
    expect(schedule.start(V4, millis(6000))).toBe(true);
  });
});
