import { expect, test } from "vitest";
import { configObject, NO_OBJECTS } from "../../test/support/config-objects.ts";
import { validateConfig } from "./validate.ts";

test("the issues of all kinds come back, and nothing is wrong with nothing", () => {
  expect(validateConfig(NO_OBJECTS)).toEqual([]);
  const issues = validateConfig({
    ...NO_OBJECTS,
    ipAddressPools: [configObject("a", { addresses: ["10.0.0.1"] })],
    l2Advertisements: [configObject("l2", { ipAddressPools: ["a", "a"] })],
  });
  expect(issues.map(({ kind, object: of, field }) => [kind, of, field])).toEqual([
    ["invalid", "IPAddressPool metallb-system/a", "spec.addresses[0]"],
    ["invalid", "L2Advertisement metallb-system/l2", "spec.ipAddressPools[1]"],
  ]);
});
