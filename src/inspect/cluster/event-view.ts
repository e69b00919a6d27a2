import { fieldsOf, textOf } from "../../config/fields.ts";
import type { KubeObject } from "../../ports/kube.ts";

/** An Event about a Service. */
export interface EventView {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** How often it happened. */
  readonly count: number;
  /** When it happened last, RFC 3339; "" when it doesn't say. */
  readonly lastSeen: string;
  /** Component that reported it. */
  readonly source: string;
}

/** A message has at most 1024 characters. */
const MESSAGE_LENGTH = 1024;

/** Undefined for events about something else than the Service; of one before it with the same name, too. Never throws. */
export function projectServiceEvent(
  object: KubeObject,
  service: { readonly namespace: string; readonly name: string; readonly uid: string },
): EventView | undefined {
  const about = fieldsOf(object["involvedObject"]);
  const isIts =
    about["kind"] === "Service" && about["namespace"] === service.namespace && about["name"] === service.name;
  if (!isIts || (textOf(about["uid"]) ?? service.uid) !== service.uid) return undefined;
  const series = fieldsOf(object["series"]);
  const count = series["count"] ?? object["count"];
  return {
    type: textOf(object["type"]) ?? "",
    reason: textOf(object["reason"]) ?? "",
    message: textOf(object["message"], MESSAGE_LENGTH) ?? "",
    count: typeof count === "number" ? count : 1,
    lastSeen: firstText(series["lastObservedTime"], object["lastTimestamp"], object["eventTime"]),
    source: firstText(object["reportingComponent"], fieldsOf(object["source"])["component"]),
  };
}

/** Events as a history: the latest last. */
export function byLastSeen(a: EventView, b: EventView): number {
  return Date.parse(a.lastSeen) - Date.parse(b.lastSeen) || 0;
}

function firstText(...values: readonly unknown[]): string {
  return values.map((value) => textOf(value)).find((text) => text) ?? "";
}
