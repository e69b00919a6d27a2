import { expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { seconds } from "../lib/duration.ts";
import type { WorkerEvent } from "./protocol.ts";
import { RareLog } from "./rare-log.ts";

const event = (n: number) => ({ level: "warn", fields: { n }, message: "rubbish" }) as const;

test("of many, the first is told, and once a minute one with the number of the others; each kind for itself", () => {
  const clock = new ManualClock();
  const told: WorkerEvent[] = [];
  const log = new RareLog(clock, (one) => told.push(one));
  for (let n = 0; n < 1_000; n++) log.tell("bad-checksum", event(n));
  log.tell("malformed", event(1));
  clock.advance(seconds(59));
  log.tell("bad-checksum", event(1_000));
  clock.advance(seconds(1));
  log.tell("bad-checksum", event(1_001));
  log.tell("malformed", event(2));
  expect(told.map((one) => (one.on === "log" ? one.fields : one))).toEqual([
    { n: 0 },
    { n: 1 },
    { n: 1_001, untold: 1_000 },
    { n: 2 },
  ]);
});
