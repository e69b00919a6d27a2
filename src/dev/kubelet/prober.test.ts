import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { settle } from "../../../test/support/settle.ts";
import { millis, seconds } from "../../lib/duration.ts";
import { type ProbeManner, Prober } from "./prober.ts";
import { probeOf } from "./probe-spec.ts";

const PROBE = probeOf({ httpGet: { port: 80 }, initialDelaySeconds: 10, periodSeconds: 5, failureThreshold: 3 }, [])!;

/** A container that answers what it is told to; `""` is yes. */
function setUp(manner: ProbeManner): {
  answer: (text: string) => void;
  pass: (time: number) => Promise<void>;
  told: string[];
  prober: Prober;
} {
  const clock = new ManualClock();
  const told: string[] = [];
  let next = "no";
  const prober = new Prober(PROBE, manner, { clock, ask: async () => next }, (verdict) => told.push(verdict));
  const pass = async (time: number): Promise<void> => {
    for (let passed = 0; passed < time; passed += 100) {
      clock.advance(millis(100));
      await settle(2);
    }
  };
  return { answer: (text) => (next = text), pass, told, prober };
}

describe("a container that is awaited", () => {
  test("is asked at once and often, says no at once, and its first yes counts", async () => {
    const { answer, pass, told } = setUp("awaited");
    await pass(100);
    expect(told).toEqual(["no"]);
    answer("not yet");
    await pass(300);
    answer("");
    await pass(300);
    expect(told).toEqual(["no", "not yet", ""]);
  });

  test("then it is asked as its Pod says, and is well until it has said no three times", async () => {
    const { answer, pass, told } = setUp("awaited");
    answer("");
    await pass(100);
    answer("broken");
    await pass(seconds(14));
    expect(told).toEqual([""]);
    await pass(seconds(2));
    expect(told).toEqual(["", "broken"]);
    answer("");
    await pass(300);
    expect(told).toEqual(["", "broken", ""]);
  });
});

describe("a container that is taken to be alive", () => {
  test("is left alone for its first seconds, and dead after three times no", async () => {
    const { pass, told } = setUp("alive");
    await pass(seconds(19));
    expect(told).toEqual([]);
    await pass(seconds(2));
    expect(told).toEqual(["no"]);
  });

  test("one yes in between makes good what was before", async () => {
    const { answer, pass, told } = setUp("alive");
    await pass(seconds(16));
    answer("");
    await pass(seconds(5));
    answer("no");
    await pass(seconds(10));
    expect(told).toEqual([]);
  });
});

test("a prober that was stopped tells nothing", async () => {
  const { pass, told, prober } = setUp("awaited");
  prober.stop();
  await pass(1000);
  expect(told).toEqual([]);
});

test.each([
  { httpGet: { port: "web" }, probe: { port: 8080, path: "/", scheme: "HTTP", host: undefined, period: 10 } },
  {
    httpGet: { port: 1, host: "127.0.0.1", path: "/x", scheme: "HTTPS" },
    probe: { port: 1, path: "/x", scheme: "HTTPS", host: "127.0.0.1", failureThreshold: 3, timeout: 1 },
  },
])("$httpGet", ({ httpGet, probe }) => {
  expect(probeOf({ httpGet }, [{ name: "web", port: 8080 }])).toMatchObject(probe);
});

test.each([undefined, {}, { httpGet: { port: "none" } }, { exec: { command: ["x"] } }])("%j is no probe", (value) => {
  expect(probeOf(value, [])).toBeUndefined();
});
