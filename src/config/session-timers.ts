import type { Millis } from "../lib/duration.ts";
import { millis, seconds } from "../lib/duration.ts";
import { CONNECT_TIME } from "./crd/bgp-peer.ts";
import { parseGoDuration } from "../lib/go-duration.ts";
import type { SessionTimers } from "./model.ts";
import type { Complain } from "./resource.ts";

/** RFC 4271 §4.2: the hold time is 0 or at least three seconds, in 16 bits. */
const LEAST_HOLD_SECONDS = 3;
const MOST_SECONDS = 65_535;

/** RFC 4271 §10 suggests this ratio of hold time to keepalives. */
const KEEPALIVES_PER_HOLD = 3;

interface RawTimers {
  readonly holdTime?: string | undefined;
  readonly keepaliveTime?: string | undefined;
}

/** Of two timers of which one is given, the other follows from it. Undefined: none is given, or there were complaints. */
export function parseTimers(raw: RawTimers, complain: Complain): SessionTimers | undefined {
  const given = {
    hold: parseTime(raw.holdTime, "spec.holdTime", complain),
    keepalive: parseTime(raw.keepaliveTime, "spec.keepaliveTime", complain),
  };
  const hold = given.hold ?? (given.keepalive === undefined ? undefined : given.keepalive * KEEPALIVES_PER_HOLD);
  if (hold === undefined) return undefined;
  const keepalive = given.keepalive ?? Math.floor(hold / KEEPALIVES_PER_HOLD);
  const holdSeconds = Math.trunc(hold / 1000);
  checkHold(holdSeconds, raw, complain);
  if (keepalive > hold) {
    const message = `the keepalive time ${quote(raw.keepaliveTime)} is longer than the hold time ${quote(raw.holdTime)}`;
    complain("spec.keepaliveTime", message, "write a third of the hold time, or leave it out");
  }
  const holdTime = seconds(holdSeconds);
  return { holdTime, keepaliveTime: millis(Math.min(keepalive, holdTime)) };
}

function checkHold(holdSeconds: number, { holdTime, keepaliveTime }: RawTimers, complain: Complain): void {
  if (holdSeconds === 0 || (holdSeconds >= LEAST_HOLD_SECONDS && holdSeconds <= MOST_SECONDS)) return;
  const [field, message] =
    holdTime === undefined
      ? ["spec.keepaliveTime", `invalid hold time: three times the keepalive time ${quote(keepaliveTime)}`]
      : ["spec.holdTime", `invalid hold time ${quote(holdTime)}`];
  complain(field, message, `a hold time is 0s or from ${LEAST_HOLD_SECONDS}s to ${MOST_SECONDS}s`);
}

/** Whole seconds, as the CRD's rules say. */
export function parseConnectTime(text: string | undefined, complain: Complain): Millis | undefined {
  const at = "spec.connectTime";
  const time = parseTime(text, at, complain);
  if (time === undefined) return undefined;
  if (time < 1000 || time >= (MOST_SECONDS + 1) * 1000) complain(at, CONNECT_TIME.range, "write 10s, say");
  if (time % 1000 !== 0) complain(at, CONNECT_TIME.whole, `write ${Math.max(1, Math.trunc(time / 1000))}s`);
  return time;
}

function parseTime(text: string | undefined, field: string, complain: Complain): Millis | undefined {
  if (text === undefined) return undefined;
  const time = parseGoDuration(text);
  if (time !== undefined && time >= 0) return time;
  const message = time === undefined ? `${quote(text)} is not a duration` : `${quote(text)} is negative`;
  complain(field, message, "write a duration such as 90s or 1m30s");
  return undefined;
}

function quote(text = ""): string {
  return JSON.stringify(text);
}
