import type { ConfigObjects } from "../../src/config/validate.ts";
import type { KubeObject } from "../../src/ports/kube.ts";

/** A configuration object in the namespace that the tests use. */
export function configObject(name: string, spec?: unknown, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return { metadata: { namespace: "metallb-system", name, labels }, spec };
}

export const NO_OBJECTS: ConfigObjects = {
  ipAddressPools: [],
  l2Advertisements: [],
  bgpAdvertisements: [],
  bgpPeers: [],
  bfdProfiles: [],
  communities: [],
};
