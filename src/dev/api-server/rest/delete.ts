import { badRequest, conflict, notFound } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { now } from "../kernel.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, isRecord, text } from "../objects.ts";
import type { Definition } from "../registry.ts";
import type { Target } from "./decode.ts";
import { finalized } from "./update.ts";

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly propagation: "Orphan" | "Background" | "Foreground";
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export const DELETE_NOW: DeleteOptions = { dryRun: false, propagation: "Background" };

const PROPAGATIONS = ["Orphan", "Background", "Foreground"] as const;

function propagationOf(body: Json, query: URLSearchParams): DeleteOptions["propagation"] {
  const asked = text(body["propagationPolicy"]) || (query.get("propagationPolicy") ?? "");
  const known = PROPAGATIONS.find((policy) => policy === asked);
  if (known !== undefined) return known;
  if (asked !== "") throw badRequest(`invalid propagationPolicy ${JSON.stringify(asked)}`);
  const orphan = body["orphanDependents"] ?? query.get("orphanDependents");
  return orphan === true || orphan === "true" ? "Orphan" : "Background";
}

/** Reads DeleteOptions from the body and the query; the body wins. Throws 400. */
export function deleteOptions(body: Json, query: URLSearchParams): DeleteOptions {
  const dryRun = body["dryRun"] ?? query.getAll("dryRun");
  const uid = text(at(body["preconditions"], "uid"));
  const resourceVersion = text(at(body["preconditions"], "resourceVersion"));
  return {
    dryRun: Array.isArray(dryRun) && dryRun.includes("All"),
    propagation: propagationOf(body, query),
    ...(uid === "" ? {} : { uid }),
    ...(resourceVersion === "" ? {} : { resourceVersion }),
  };
}

function checkPreconditions(definition: Definition, object: ApiObject, options: DeleteOptions): void {
  const { uid, resourceVersion, name } = object.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`;
    throw conflict(definition.served, name, why);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`;
    throw conflict(definition.served, name, why);
  }
}

const PROPAGATION_FINALIZERS = { Orphan: "orphan", Foreground: "foregroundDeletion", Background: undefined } as const;

function marked(kernel: Kernel, object: ApiObject, options: DeleteOptions): ApiObject {
  const finalizer = PROPAGATION_FINALIZERS[options.propagation];
  const finalizers = [...(object.metadata.finalizers ?? [])];
  if (finalizer !== undefined && !finalizers.includes(finalizer)) finalizers.push(finalizer);
  const next: ApiObject = {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: object.metadata.deletionTimestamp ?? now(kernel),
      deletionGracePeriodSeconds: 0,
      ...(finalizers.length === 0 ? {} : { finalizers }),
    },
  };
  if (object.kind === "Namespace")
    next["status"] = { ...(isRecord(object["status"]) ? object["status"] : {}), phase: "Terminating" };
  return next;
}

/**
 * Deletes an object, or marks it when finalizers, dependents or a namespace's content hold it back. Returns the last
 * state in the served form. Throws 404 or 409.
 */
export function deleteObject(
  kernel: Kernel,
  definition: Definition,
  target: Target,
  options: DeleteOptions,
): { readonly object: ApiObject; readonly gone: boolean } {
  const { served, table } = definition;
  const stored = kernel.storage.get(table, target.namespace, target.name);
  if (stored === undefined) throw notFound(served, target.name);
  checkPreconditions(definition, stored, options);
  const next = marked(kernel, stored, options);
  if (finalized(next)) {
    if (!options.dryRun) kernel.storage.delete(table, next);
    return { object: definition.toServed(next), gone: true };
  }
  const already = stored.metadata.deletionTimestamp !== undefined;
  const same = next.metadata.finalizers?.length === stored.metadata.finalizers?.length;
  if (already && same) return { object: definition.toServed(stored), gone: false };
  return { object: definition.toServed(options.dryRun ? next : kernel.storage.put(table, next)), gone: false };
}
