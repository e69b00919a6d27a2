import { expect, test } from "vitest";
import type { KubeObject } from "../ports/kube.ts";
import type { ConfigObjects } from "./validate.ts";
import { validateConfig } from "./validate.ts";

const NOTHING: ConfigObjects = {
  ipAddressPools: [],
  l2Advertisements: [],
  bgpAdvertisements: [],
  bgpPeers: [],
  bfdProfiles: [],
  communities: [],
};

function object(name: string, spec: unknown): KubeObject {
  return { metadata: { namespace: "metallb-system", name }, spec };
}

test("the issues of all kinds come back, and nothing is wrong with nothing", () => {
  expect(validateConfig(NOTHING)).toEqual([]);
  const issues = validateConfig({
    ...NOTHING,
    ipAddressPools: [object("a", { addresses: ["10.0.0.1"] })],
    l2Advertisements: [object("l2", { ipAddressPools: ["a", "a"] })],
  });
  expect(issues.map(({ kind, object: of, field }) => [kind, of, field])).toEqual([
    ["invalid", "IPAddressPool metallb-system/a", "spec.addresses[0]"],
    ["invalid", "L2Advertisement metallb-system/l2", "spec.ipAddressPools[1]"],
  ]);
});
