import type { ApiObject, Json } from "../objects.ts";
import { at, cloneJson, record, text } from "../objects.ts";
import type { Definition } from "../registry.ts";
import type { ServedResource } from "../resources.ts";
import type { FieldLabels } from "../selectors.ts";
import type { Strategy } from "../strategy.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";

const INVOLVED = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

function involvedLabels(prefix: "involvedObject" | "regarding"): FieldLabels {
  const read = (field: string) => (object: ApiObject) => text(at(object[prefix], field));
  return Object.fromEntries(INVOLVED.map((field) => [`${prefix}.${field}`, read(field)]));
}

/** Fields that both forms have under the same name. */
const COMMON: FieldLabels = {
  reason: (object) => text(object["reason"]),
  type: (object) => text(object["type"]),
  reportingComponent: (object) => text(object["reportingComponent"] ?? object["reportingController"]),
  source: (object) => text(at(object["source"], "component") ?? object["reportingComponent"]),
};

function eventStrategy(prefix: "involvedObject" | "regarding"): Strategy {
  const fieldLabels = { ...COMMON, ...involvedLabels(prefix) };
  const core = prefix === "involvedObject";
  return { ...DEFAULT_STRATEGY, createOnUpdate: true, fieldLabels, ...(core ? { defaults: fillCore } : {}) };
}

/** core/v1 and events.k8s.io/v1 name these differently. */
const RENAMED = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["reportingComponent", "reportingController"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
] as const;

function toEventsGroup(stored: ApiObject): ApiObject {
  const { ...event } = stored as Json;
  for (const [core, other] of RENAMED) {
    if (event[core] !== undefined && event[core] !== null) event[other] = event[core];
    delete event[core];
  }
  return { ...event, apiVersion: "events.k8s.io/v1", kind: "Event" } as ApiObject;
}

/** Go writes these fields even when they are empty. */
function fillCore(event: ApiObject): ApiObject {
  event["source"] ??= {};
  event["firstTimestamp"] ??= null;
  event["lastTimestamp"] ??= null;
  event["eventTime"] ??= null;
  event["reportingComponent"] ??= "";
  event["reportingInstance"] ??= "";
  event["involvedObject"] = record(event["involvedObject"]);
  return event;
}

function toCore(served: ApiObject): ApiObject {
  const event = cloneJson(served as Json);
  for (const [core, other] of RENAMED) {
    if (event[other] !== undefined) event[core] = event[other];
    delete event[other];
  }
  return fillCore({ ...event, apiVersion: "v1", kind: "Event" } as ApiObject);
}

/** Both groups of events show the same objects, which are stored in the core form. */
export function eventDefinition(served: ServedResource): Definition {
  if (served.group === "") {
    return {
      served,
      table: "events",
      strategy: eventStrategy("involvedObject"),
      conversion: { by: "server", toServed: (object) => object, toStored: fillCore },
    };
  }
  return {
    served,
    table: "events",
    strategy: eventStrategy("regarding"),
    conversion: { by: "server", toServed: toEventsGroup, toStored: toCore },
  };
}
