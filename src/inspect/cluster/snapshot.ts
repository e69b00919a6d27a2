import type { NamespaceView } from "../../config/namespace.ts";
import type { ServiceView } from "../../config/service.ts";
import type { KubeObject } from "../../ports/kube.ts";

/** What the controller decides from, as it was read at about one time. */
export interface ClusterSnapshot {
  /** Where the metallb.io objects are. */
  readonly namespace: string;
  readonly services: readonly ServiceView[];
  readonly pools: readonly KubeObject[];
  readonly namespaces: readonly NamespaceView[];
}
