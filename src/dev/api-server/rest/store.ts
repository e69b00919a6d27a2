import type { Kernel } from "../kernel.ts";
import type { ApiObject, Json } from "../objects.ts";
import { equalJson } from "../objects.ts";

/** Whether nothing holds a deleted object back any more. */
export function finalized(object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  const spec = object["spec"] as { finalizers?: unknown[] } | undefined;
  const namespaceHeld = object.kind === "Namespace" && (spec?.finalizers?.length ?? 0) > 0;
  const held = namespaceHeld || deletionGracePeriodSeconds > 0;
  return deletionTimestamp !== undefined && finalizers.length === 0 && !held;
}

/** Equal but for the time stamps in managedFields. */
function unchanged(next: ApiObject, current: ApiObject): boolean {
  const timeless = (object: ApiObject): ApiObject => {
    const fields = (object.metadata.managedFields ?? []) as Json[];
    return {
      ...object,
      metadata: { ...object.metadata, managedFields: fields.map((entry) => ({ ...entry, time: "" })) },
    };
  };
  return equalJson(timeless(next), timeless(current));
}

/**
 * Stores the next state of what was `basis`. What changes nothing leaves the resourceVersion alone; the write that takes
 * the last finalizer of a deleted object removes it, and is answered with the resourceVersion before. Stored forms.
 */
export function store(
  { storage }: Kernel,
  table: string,
  next: ApiObject,
  basis: ApiObject | undefined,
  dryRun: boolean,
): ApiObject {
  if (basis !== undefined && finalized(next)) {
    if (!dryRun) storage.delete(table, next);
    return next;
  }
  if (basis !== undefined && unchanged(next, basis)) return basis;
  return dryRun ? next : storage.put(table, next);
}
