import { describe, expect, test } from "vitest";
import { CONTROLLER_DEFAULTS, type ControllerFlags, controllerFlagIssues } from "./flags.ts";

describe("controllerFlagIssues", () => {
  test.each<[Partial<ControllerFlags>, string | undefined]>([
    [{}, undefined],
    [{ webhookMode: "disabled" }, undefined],
    [{ webhookMode: "onlywebhook" }, undefined],
    [{ webhookMode: "only" as "enabled" }, '--webhook-mode is "only": use one of enabled, disabled, onlywebhook'],
    [{ webhookMode: "" as "enabled" }, "--webhook-mode"],
    [{ webhookPort: 0 }, "--webhook-port is 0"],
    [{ webhookPort: 65_536 }, "--webhook-port is 65536"],
    [{ webhookSecret: "" }, '--webhook-secret is ""'],
    [{ webhookSecret: "a,metadata.name=b" }, "--webhook-secret"],
    [{ certServiceName: "Metal LB" }, '--cert-service-name is "Metal LB"'],
    [{ certServiceName: "s".repeat(254) }, "--cert-service-name"],
    [{ port: -1 }, "--port is -1"],
  ])("%j: %s", (flags, want) => {
    const issues = controllerFlagIssues({ ...CONTROLLER_DEFAULTS, ...flags });
    expect(issues).toEqual(want === undefined ? [] : [expect.stringContaining(want)]);
  });
});
