import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { millis, seconds } from "../lib/duration.ts";
import { systemClock } from "./system-clock.ts";

describe("systemClock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each([1, 1000, 2 ** 31 - 1, 2 ** 31, 2 ** 33])("fires once after %d ms and not before", (after) => {
    const fire = vi.fn<() => void>();
    systemClock.after(millis(after), fire);
    vi.advanceTimersByTime(after - 1);
    expect(fire).toHaveBeenCalledTimes(0);
    vi.advanceTimersByTime(2);
    expect(fire).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2 ** 34);
    expect(fire).toHaveBeenCalledTimes(1);
  });

  test("waits on when the system's timer fires early", () => {
    const fire = vi.fn<() => void>();
    const setTimeout = vi.spyOn(globalThis, "setTimeout");
    systemClock.after(millis(10), fire);
    const expire = setTimeout.mock.calls[0]![0];
    vi.advanceTimersByTime(9);
    clearTimeout(setTimeout.mock.results[0]!.value as NodeJS.Timeout);
    expire();
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fire).toHaveBeenCalledOnce();
  });

  test.each([{ after: seconds(1) }, { after: seconds(60 * 86_400) }])(
    "a cancelled timer never fires, $after",
    (row) => {
      const fire = vi.fn<() => void>();
      const timer = systemClock.after(row.after, fire);
      vi.advanceTimersByTime(row.after - 1);
      timer.cancel();
      timer.cancel();
      vi.advanceTimersByTime(row.after);
      expect(fire).not.toHaveBeenCalled();
    },
  );

  test("tells wall time in milliseconds since 1970", () => {
    vi.setSystemTime("2026-01-01T00:00:00.250Z");
    expect(systemClock.wallTime()).toBe(1_767_225_600_250);
  });

  test("monotonic time does not follow the wall clock", () => {
    const before = systemClock.now();
    vi.setSystemTime("2020-01-01T00:00:00Z");
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });
});
