import type { EndpointSliceView } from "../../config/endpoint-slice.ts";
import type { L2StatusView } from "../../config/l2-status.ts";
import type { NodeView } from "../../config/node.ts";
import type { KubeObject, ObjectKey } from "../../ports/kube.ts";
import type { LiveView } from "../live/live-view.ts";
import type { SpeakerPod } from "./speaker-pod.ts";

/** What the speakers decide from beside Services and pools, and what they say about it. */
export interface Layer2View {
  readonly nodes: readonly NodeView[];
  readonly advertisements: readonly KubeObject[];
  /** Of each Service that has any. */
  readonly slices: ReadonlyMap<ObjectKey, readonly EndpointSliceView[]>;
  /** Who says that it announces each Service. Undefined: this could not be read. */
  readonly statuses: ReadonlyMap<ObjectKey, readonly L2StatusView[]> | undefined;
  /** Undefined: they could not be read, or none was found. */
  readonly speakers: readonly SpeakerPod[] | undefined;
  /** What the speakers themselves said; absent: they were not asked. */
  readonly live?: LiveView;
}
