import { describe, expect, test } from "vitest";
import type { LogLevel } from "../lib/flags.ts";
import { createLog } from "./logger.ts";

function record(level: LogLevel) {
  const lines: string[] = [];
  const log = createLog({ level, write: (line) => lines.push(line) });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("log", () => {
  test("a line is one JSON object with ts, level, fields and msg", () => {
    const { log, lines, parsed } = record("info");
    log.info({ service: "shop/web", ips: ["10.0.0.1", "2001:db8::1"] }, "announcing");
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(parsed()).toEqual([
      {
        ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: "info",
        service: "shop/web",
        ips: ["10.0.0.1", "2001:db8::1"],
        msg: "announcing",
      },
    ]);
  });

  test.each<{ level: LogLevel; passes: string[] }>([
    { level: "all", passes: ["debug", "info", "warn", "error"] },
    { level: "debug", passes: ["debug", "info", "warn", "error"] },
    { level: "info", passes: ["info", "warn", "error"] },
    { level: "warn", passes: ["warn", "error"] },
    { level: "error", passes: ["error"] },
    { level: "none", passes: [] },
  ])("level $level passes $passes", ({ level, passes }) => {
    const { log, parsed } = record(level);
    log.debug({}, "x");
    log.info({}, "x");
    log.warn({}, "x");
    log.error({}, "x");
    expect(parsed().map((line) => line["level"])).toEqual(passes);
  });

  test("fields of `with` are on every line", () => {
    const { log, parsed } = record("info");
    log.with({ node: "a" }).with({ ip: "10.0.0.1" }).info({ n: 1 }, "x");
    expect(parsed()).toMatchObject([{ node: "a", ip: "10.0.0.1", n: 1 }]);
  });

  test.each([
    {
      name: "an error with causes",
      value: new Error("no list", { cause: new Error("reset") }),
      text: "no list: reset",
    },
    { name: "a small bigint", value: 7n, text: 7 },
    { name: "a large bigint", value: 2n ** 64n, text: "18446744073709551616" },
    { name: "a bigint within", value: { total: 5n }, text: { total: 5 } },
  ])("$name is readable", ({ value, text }) => {
    const { log, parsed } = record("info");
    log.info({ value }, "x");
    log.with({ value }).info({}, "x");
    expect(parsed()).toMatchObject([{ value: text }, { value: text }]);
  });

  test("what can't be written as JSON doesn't throw", () => {
    const { log, lines } = record("info");
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    log.info({ circle }, "still here");
    expect(lines[0]).toContain("still here");
  });

  test("a line break in a message stays within its line", () => {
    const { log, lines } = record("info");
    log.info({ from: "user\ninput" }, "a\nb");
    expect(lines.join("").split("\n")).toHaveLength(2);
  });
});
