import type { KubeObject } from "../ports/kube.ts";
import type { ConfigIssue } from "./issues.ts";
import type { NamespaceView } from "./namespace.ts";
import type { NodeView } from "./node.ts";
import { parseL2Advertisements } from "./parse-l2-advertisements.ts";
import { parsePools } from "./parse-pools.ts";
import type { SecretView } from "./secret.ts";

/** Everything a configuration consists of, as it is in the API; no order is expected. */
export interface ConfigObjects {
  readonly ipAddressPools: readonly KubeObject[];
  readonly l2Advertisements: readonly KubeObject[];
  readonly bgpAdvertisements: readonly KubeObject[];
  /** Of version v1beta2. */
  readonly bgpPeers: readonly KubeObject[];
  readonly bfdProfiles: readonly KubeObject[];
  readonly communities: readonly KubeObject[];
  /** Those of the peers' namespace. Undefined: not known; references to Secrets are not checked. */
  readonly secrets?: readonly SecretView[];
  /** Undefined: not known; what only the labels of nodes can tell is not checked. */
  readonly nodes?: readonly NodeView[];
  /** Undefined: not known; namespace selectors select nothing. */
  readonly namespaces?: readonly NamespaceView[];
}

/** Everything that is wrong with the objects, on their own and together; empty: they can be used. Never throws. */
export function validateConfig(objects: ConfigObjects): readonly ConfigIssue[] {
  const { ipAddressPools, l2Advertisements, namespaces = [] } = objects;
  return [
    ...parsePools(ipAddressPools, namespaces).issues,
    ...parseL2Advertisements(l2Advertisements, ipAddressPools).issues,
  ];
}
