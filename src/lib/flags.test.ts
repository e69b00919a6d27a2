import { describe, expect, test } from "vitest";
import { CONTROLLER_DEFAULTS, type ControllerFlags, controllerFlagIssues } from "./flags.ts";

describe("controllerFlagIssues", () => {
  test.each<[Partial<ControllerFlags>, string | undefined]>([
    [{}, undefined],
    [{ port: 0, healthProbePort: 0 }, undefined],
    [{ logLevel: "all" }, undefined],
    [{ port: 65_536 }, "--port is 65536"],
    [{ port: Number.NaN }, "--port is NaN"],
    [{ healthProbePort: -1 }, "--health-probe-port is -1"],
    [{ port: 17_472 }, "both 17472"],
    [{ logLevel: "loud" as "all" }, "use one of all, debug, info, warn, error, none"],
  ])("%j: %s", (flags, want) => {
    const issues = controllerFlagIssues({ ...CONTROLLER_DEFAULTS, ...flags });
    expect(issues).toEqual(want === undefined ? [] : [expect.stringContaining(want)]);
  });
});
