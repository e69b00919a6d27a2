import type { KubeObject } from "../ports/kube.ts";
import type { ConfigIssue } from "./issues.ts";
import type { NamespaceView } from "./namespace.ts";
import type { BgpObjects } from "./parse-bgp.ts";
import { parseBgp } from "./parse-bgp.ts";
import { parseL2Advertisements } from "./parse-l2-advertisements.ts";
import { parsePools } from "./parse-pools.ts";

/** Everything a configuration consists of, as it is in the API; no order is expected. */
export interface ConfigObjects extends BgpObjects {
  readonly l2Advertisements: readonly KubeObject[];
  /** Undefined: not known; namespace selectors select nothing. */
  readonly namespaces?: readonly NamespaceView[];
}

/** Everything that is wrong with the objects, on their own and together; empty: they can be used. Never throws. */
export function validateConfig(objects: ConfigObjects): readonly ConfigIssue[] {
  const { ipAddressPools, l2Advertisements, namespaces = [] } = objects;
  const { pools, issues } = parsePools(ipAddressPools, namespaces);
  const layer2 = parseL2Advertisements(l2Advertisements, ipAddressPools);
  const bgp = parseBgp(objects, pools);
  return [...issues, ...layer2.issues, ...bgp.issues];
}
