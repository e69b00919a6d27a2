import type { Family } from "../ip/family.ts";
import type { KubeObject, ObjectKey } from "../ports/kube.ts";
import type { Fields } from "./fields.ts";
import { fieldsOf, itemsOf, textOf } from "./fields.ts";

/** What speakers need to know of an EndpointSlice, however many endpoints it has. */
export interface EndpointSliceView {
  /** `namespace/name` of the Service; undefined when the slice does not say whose it is. */
  readonly service: ObjectKey | undefined;
  /** Whether any endpoint takes traffic. */
  readonly usable: boolean;
  /** Nodes with an endpoint that takes traffic, each once, in name order. */
  readonly nodes: readonly string[];
  /** How many endpoints on each of `nodes`, in their order, are ready; terminating ones may still take traffic. */
  readonly ready: readonly number[];
  /** Of the endpoints' addresses; undefined: they are host names. */
  readonly family: Family | undefined;
}

/** Says which Service an EndpointSlice is of. */
export const SERVICE_LABEL = "kubernetes.io/service-name";

const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];

/** An EndpointSlice has at most 1000 endpoints (`--max-endpoints-per-slice`); hand-made ones are held to the same. */
const MOST_ENDPOINTS = 1000;

export function projectEndpointSlice(object: KubeObject): EndpointSliceView {
  const metadata = fieldsOf(object.metadata);
  const name = textOf(fieldsOf(metadata["labels"])[SERVICE_LABEL]);
  const usable = itemsOf(object["endpoints"], MOST_ENDPOINTS).map(fieldsOf).filter(isUsable);
  const ready = new Map<string, number>();
  for (const endpoint of usable) {
    const node = textOf(endpoint["nodeName"]);
    if (node !== undefined) ready.set(node, (ready.get(node) ?? 0) + (isReady(endpoint) ? 1 : 0));
  }
  const nodes = [...ready.keys()].sort();
  return {
    service: name === undefined ? undefined : `${textOf(metadata["namespace"]) ?? ""}/${name}`,
    usable: usable.length > 0,
    nodes,
    ready: nodes.map((node) => ready.get(node)!),
    family: FAMILIES.find((family) => family === object["addressType"]),
  };
}

/**
 * An endpoint takes traffic when it is ready (unset means ready), or still serving while it terminates. `ready` wins
 * over `serving: false`, which is how publishNotReadyAddresses shows.
 */
function isUsable(endpoint: Fields): boolean {
  return isReady(endpoint) || fieldsOf(endpoint["conditions"])["serving"] === true;
}

function isReady(endpoint: Fields): boolean {
  const { ready } = fieldsOf(endpoint["conditions"]);
  return ready === undefined || ready === null || ready === true;
}
