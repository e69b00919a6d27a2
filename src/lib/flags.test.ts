import { describe, expect, test } from "vitest";
import { COMMON_DEFAULTS, type CommonFlags, acceptedNotes, commonFlagIssues } from "./flags.ts";

describe("commonFlagIssues", () => {
  test.each<[Partial<CommonFlags>, string | undefined]>([
    [{}, undefined],
    [{ port: 0, healthProbePort: 0 }, undefined],
    [{ logLevel: "all" }, undefined],
    [{ port: 65_536 }, "--port is 65536"],
    [{ port: Number.NaN }, "--port is NaN"],
    [{ healthProbePort: -1 }, "--health-probe-port is -1"],
    [{ port: 17_472 }, "both 17472"],
    [{ logLevel: "loud" as "all" }, "use one of all, debug, info, warn, error, none"],
  ])("%j: %s", (flags, want) => {
    const issues = commonFlagIssues({ ...COMMON_DEFAULTS, ...flags });
    expect(issues).toEqual(want === undefined ? [] : [expect.stringContaining(want)]);
  });
});

test("accepted flags that were given are explained, others are not", () => {
  const flags = {
    host: { takesValue: true, meaning: "has no effect" },
    other: { takesValue: false, meaning: "neither" },
  };
  expect(acceptedNotes(["host", "unknown", "toString"], flags)).toEqual(["--host has no effect"]);
});
