import type { ApiObject, Json } from "../objects.ts";
import { at, record, text } from "../objects.ts";
import type { TablePrinter } from "./columns.ts";
import { NAME, column, since } from "./columns.ts";

function seen(object: ApiObject, field: "firstTimestamp" | "lastTimestamp"): unknown {
  return object[field] ?? object["eventTime"] ?? object.metadata.creationTimestamp;
}

/** `12s`, or `12s (x4 over 2m)` for an event that was repeated. */
function lastSeen(object: ApiObject, wallTime: number): string {
  const series = record(object["series"]);
  const last = text(series["lastObservedTime"]) || seen(object, "lastTimestamp");
  const times = Number(series["count"] ?? object["count"] ?? 1);
  const latest = since(last, wallTime);
  return times > 1 ? `${latest} (x${times} over ${since(seen(object, "firstTimestamp"), wallTime)})` : latest;
}

function source(object: ApiObject): string {
  const { component, host } = record(object["source"]);
  const name = text(component) || text(object["reportingComponent"]);
  return text(host) === "" ? name : `${name}, ${text(host)}`;
}

function target(involved: Json): string {
  return `${text(involved["kind"]).toLowerCase()}/${text(involved["name"])}`;
}

export const EVENTS: TablePrinter = {
  columns: [
    column("Last Seen"),
    column("Type"),
    column("Reason"),
    column("Object"),
    column("Subobject", { wide: true }),
    column("Source", { wide: true }),
    column("Message"),
    column("First Seen", { wide: true }),
    column("Count", { type: "integer", wide: true }),
    { ...NAME, priority: 1 },
  ],
  cells: (object, wallTime) => {
    const involved = record(object["involvedObject"] ?? object["regarding"]);
    return [
      lastSeen(object, wallTime),
      text(object["type"]),
      text(object["reason"]),
      target(involved),
      text(involved["fieldPath"]),
      source(object),
      (text(object["message"]) || text(object["note"])).trim(),
      since(seen(object, "firstTimestamp"), wallTime),
      Number(at(object["series"], "count") ?? object["count"] ?? 1) || 1,
      object.metadata.name,
    ];
  },
};
