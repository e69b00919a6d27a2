import { badRequest, conflict, notFound } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, isRecord, text, timestamp } from "../objects.ts";
import type { Definition } from "../registry.ts";
import type { Admit } from "./change.ts";
import type { Target } from "./decode.ts";
import { servedForm } from "./forms.ts";
import { gracePeriod } from "./grace-period.ts";
import { finalized } from "./store.ts";

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly propagation: "Orphan" | "Background" | "Foreground";
  /** Undefined is what the object itself says. */
  readonly gracePeriodSeconds?: number;
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
  const grace = text(body["gracePeriodSeconds"] ?? query.get("gracePeriodSeconds"));
  const uid = text(at(body["preconditions"], "uid"));
  const resourceVersion = text(at(body["preconditions"], "resourceVersion"));
  return {
    dryRun: Array.isArray(dryRun) && dryRun.includes("All"),
    propagation: propagationOf(body, query),
    ...(/^\d{1,9}$/.test(grace) ? { gracePeriodSeconds: Number(grace) } : {}),
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
  const grace = gracePeriod(kernel, object, options.gracePeriodSeconds);
  const next: ApiObject = {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: object.metadata.deletionTimestamp ?? timestamp(kernel.wallTime() + grace * 1000),
      deletionGracePeriodSeconds: grace,
      ...(finalizers.length === 0 ? {} : { finalizers }),
    },
  };
  if (object.kind === "Namespace")
    next["status"] = { ...(isRecord(object["status"]) ? object["status"] : {}), phase: "Terminating" };
  return next;
}

export interface Deleted {
  /** The last state. */
  readonly object: ApiObject;
  /** False when something holds it back. */
  readonly gone: boolean;
}

/**
 * Deletes an object, or marks it when finalizers, dependents or a namespace's content hold it back. Returns the last
 * state in the served form. Rejects with a StatusError: 404, 409, or why it was not admitted.
 */
export async function deleteAdmitted(
  kernel: Kernel,
  definition: Definition,
  target: Target,
  options: DeleteOptions,
  admit: Admit,
): Promise<Deleted> {
  const { namespace, name } = target;
  for (;;) {
    const stored = present(kernel, definition, target, options);
    const old = await servedForm(definition, stored);
    const { dryRun } = options;
    await admit({ operation: "DELETE", definition, subresource: "", namespace, name, object: undefined, old, dryRun });
    if (kernel.storage.get(definition.table, namespace, name) !== stored) continue;
    const { object, gone } = remove(kernel, definition, stored, options);
    return { object: await servedForm(definition, object), gone };
  }
}

/** The same for the server's own controllers: at once, without asking anybody. */
export function deleteObject(kernel: Kernel, definition: Definition, target: Target, options: DeleteOptions): void {
  remove(kernel, definition, present(kernel, definition, target, options), options);
}

function present(kernel: Kernel, definition: Definition, target: Target, options: DeleteOptions): ApiObject {
  const stored = kernel.storage.get(definition.table, target.namespace, target.name);
  if (stored === undefined) throw notFound(definition.served, target.name);
  checkPreconditions(definition, stored, options);
  return stored;
}

function remove(kernel: Kernel, { table }: Definition, stored: ApiObject, options: DeleteOptions): Deleted {
  const next = marked(kernel, stored, options);
  if (finalized(next)) {
    if (!options.dryRun) kernel.storage.delete(table, next);
    return { object: next, gone: true };
  }
  const already = stored.metadata.deletionTimestamp !== undefined;
  const same =
    next.metadata.finalizers?.length === stored.metadata.finalizers?.length &&
    next.metadata.deletionGracePeriodSeconds === stored.metadata.deletionGracePeriodSeconds;
  if (already && same) return { object: stored, gone: false };
  return { object: options.dryRun ? next : kernel.storage.put(table, next), gone: false };
}
