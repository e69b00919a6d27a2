import type { KubeObject, ObjectKey } from "../ports/kube.ts";
import { fieldsOf, itemsOf, textOf } from "./fields.ts";

/** What layer 2 needs to know of an EndpointSlice, however many endpoints it has. */
export interface EndpointSliceView {
  /** `namespace/name` of the Service; undefined when the slice does not say whose it is. */
  readonly service: ObjectKey | undefined;
  /** Whether any endpoint takes traffic. */
  readonly usable: boolean;
  /** Nodes with an endpoint that takes traffic, each once, in name order. */
  readonly nodes: readonly string[];
}

/** Says which Service an EndpointSlice is of. */
export const SERVICE_LABEL = "kubernetes.io/service-name";

/** An EndpointSlice has at most 1000 endpoints (`--max-endpoints-per-slice`); hand-made ones are held to the same. */
const MOST_ENDPOINTS = 1000;

export function projectEndpointSlice(object: KubeObject): EndpointSliceView {
  const metadata = fieldsOf(object.metadata);
  const name = textOf(fieldsOf(metadata["labels"])[SERVICE_LABEL]);
  const usable = itemsOf(object["endpoints"], MOST_ENDPOINTS).map(fieldsOf).filter(isUsable);
  const nodes = new Set(usable.map((endpoint) => textOf(endpoint["nodeName"])).filter((node) => node !== undefined));
  return {
    service: name === undefined ? undefined : `${textOf(metadata["namespace"]) ?? ""}/${name}`,
    usable: usable.length > 0,
    nodes: [...nodes].sort(),
  };
}

/**
 * An endpoint takes traffic when it is ready (unset means ready), or still serving while it terminates. `ready` wins
 * over `serving: false`, which is how publishNotReadyAddresses shows.
 */
function isUsable(endpoint: Readonly<Record<string, unknown>>): boolean {
  const { ready, serving } = fieldsOf(endpoint["conditions"]);
  return ready === undefined || ready === null || ready === true || serving === true;
}
