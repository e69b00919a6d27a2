import type { Kernel } from "../kernel.ts";
import type { Representation } from "../negotiate.ts";
import type { ApiObject, Json } from "../objects.ts";
import type { Definition } from "../registry.ts";
import { apiVersionOf } from "../resources.ts";
import type { IncludeObject } from "../represent.ts";
import { partialMetadata, table } from "../represent.ts";
import type { Matcher } from "../selectors.ts";
import type { StorageEvent } from "../storage.ts";
import { stringifyJson } from "../json-text.ts";

export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

/** What one watcher wants to see. */
export interface WatchView {
  readonly definition: Definition;
  /** undefined is all namespaces. */
  readonly namespace: string | undefined;
  readonly matches: Matcher;
  readonly how: Representation;
  readonly include: IncludeObject;
}

export interface VisibleEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: ApiObject;
}

/**
 * What a write means to a watcher: an object that starts to match its selectors is added, one that stops to match is
 * deleted. Undefined when the watcher doesn't see it. Both states are in the served form.
 */
export function visible(
  { matches }: WatchView,
  type: StorageEvent["type"],
  object: ApiObject,
  previous: ApiObject | undefined,
): VisibleEvent | undefined {
  const before = previous !== undefined && matches(previous);
  const after = type !== "DELETED" && matches(object);
  if (before && after) return { type: "MODIFIED", object };
  if (after) return { type: "ADDED", object };
  if (before) return { type: "DELETED", object };
  return undefined;
}

/** Writes the events of one watch as lines of JSON. */
export class WatchEncoder {
  readonly #kernel: Kernel;
  readonly #view: WatchView;
  #columnsSent = false;

  constructor(kernel: Kernel, view: WatchView) {
    this.#kernel = kernel;
    this.#view = view;
  }

  event(type: WatchEventType, object: ApiObject): string {
    return line(type, this.#represent(object));
  }

  /** `initialEnd` marks the end of the state with which a watch begins. */
  bookmark(revision: number, initialEnd: boolean): string {
    const { served } = this.#view.definition;
    const annotations = initialEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
    const metadata = { resourceVersion: String(revision), ...annotations };
    const object = { kind: served.kind, apiVersion: apiVersionOf(served), metadata, ...emptyBody(served.kind) };
    return line("BOOKMARK", this.#represent(object as unknown as ApiObject, true));
  }

  #represent(object: ApiObject, bookmark = false): Json {
    const { how, definition, include } = this.#view;
    if (how.as === undefined) return object;
    if (how.as !== "Table") return partialMetadata(object, how.metaVersion);
    const withColumns = !this.#columnsSent;
    this.#columnsSent = true;
    const row = table({
      objects: [object],
      metadata: { resourceVersion: object.metadata.resourceVersion },
      resource: definition.served,
      include,
      metaVersion: how.metaVersion,
      wallTime: this.#kernel.wallTime(),
      withColumns,
    });
    return bookmark ? { ...row, rows: [{ cells: [], object: partialMetadata(object, how.metaVersion) }] } : row;
  }
}

/** Go marshals the empty structs of these kinds. */
function emptyBody(kind: string): Json {
  if (kind === "Service") return { spec: {}, status: { loadBalancer: {} } };
  if (["Pod", "Node", "Namespace", "Deployment", "DaemonSet"].includes(kind)) return { spec: {}, status: {} };
  return {};
}

export function line(type: WatchEventType, object: object): string {
  return `{"type":"${type}","object":${textOf(object)}}\n`;
}

/** The last object written and its text: watchers of one table are told of an event one after the other. */
let last: { readonly object: object; readonly text: string } | undefined;

/** Stored objects are never changed, so that one text serves all watchers of an event. */
function textOf(object: object): string {
  if (last?.object !== object) last = { object, text: stringifyJson(object) };
  return last.text;
}
