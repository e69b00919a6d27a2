import { STALE, conflict, invalid, notFound } from "../errors.ts";
import { invalidValue } from "../field-errors.ts";
import type { Kernel } from "../kernel.ts";
import { now } from "../kernel.ts";
import type { ApiObject, Json } from "../objects.ts";
import { cloneJson, equalJson } from "../objects.ts";
import { trackUpdate } from "../patch/managed-fields.ts";
import type { Definition } from "../registry.ts";
import { apiVersionOf } from "../resources.ts";
import type { FieldError } from "../status.ts";
import type { Change } from "./change.ts";
import type { Target } from "./decode.ts";
import { admitBody, schemaOf } from "./decode.ts";
import { validateMetadata } from "./metadata.ts";
import type { WriteOptions } from "./write-options.ts";
import { writeNow } from "./write.ts";

export interface UpdateOptions extends WriteOptions {
  /** "" is the object itself. */
  readonly subresource: string;
  /** The update wrote managedFields itself (server-side apply). */
  readonly managed?: boolean;
}

function checkPreconditions(definition: Definition, next: ApiObject, current: ApiObject): void {
  const { served, strategy } = definition;
  const { name, uid, resourceVersion } = next.metadata;
  if (uid !== undefined && uid !== current.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw conflict(served, name, why);
  }
  if (resourceVersion === undefined || resourceVersion === "0") {
    if (strategy.unconditionalUpdate) return;
    const why = "must be specified for an update";
    const error: FieldError = invalidValue("metadata.resourceVersion", 0, why);
    throw invalid(served, name, [{ ...error, message: `Invalid value: 0x0: ${why}` }]);
  }
  if (resourceVersion !== current.metadata.resourceVersion) throw conflict(served, name, STALE);
}

/** Puts back what only the server writes. */
function keepSystemFields(next: ApiObject, current: ApiObject): void {
  const { metadata } = current;
  const kept = {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation,
    creationTimestamp: metadata.creationTimestamp,
    deletionTimestamp: metadata.deletionTimestamp,
    deletionGracePeriodSeconds: metadata.deletionGracePeriodSeconds,
    generateName: metadata.generateName,
  };
  Object.assign(next.metadata, kept);
  for (const [key, value] of Object.entries(kept)) {
    if (value === undefined) delete next.metadata[key as keyof typeof kept];
  }
}

/** What a write to /status may change: the status and, on built-in kinds, labels and the like. */
function statusWrite(definition: Definition, next: ApiObject, current: ApiObject): ApiObject {
  const metadata = definition.strategy.statusKeepsMetadata
    ? next.metadata
    : { ...cloneJson(current.metadata), ...managedFields(next) };
  const { status: _, ...rest } = cloneJson(current);
  const merged: ApiObject = { ...rest, metadata };
  if (next["status"] !== undefined) merged["status"] = next["status"];
  return merged;
}

function managedFields(object: ApiObject): { managedFields?: object[] } {
  return object.metadata.managedFields === undefined ? {} : { managedFields: object.metadata.managedFields };
}

function mainWrite(definition: Definition, next: ApiObject, current: ApiObject): ApiObject {
  if (!definition.served.subresources.includes("status")) return next;
  const { status: _, ...rest } = next;
  const merged: ApiObject = rest;
  if (current["status"] !== undefined) merged["status"] = cloneJson(current["status"]);
  return merged;
}

function specificationChanged(next: ApiObject, current: ApiObject): boolean {
  const rest = (object: ApiObject): Json => {
    const { metadata: _metadata, status: _status, ...other } = object;
    return other;
  };
  return !equalJson(rest(next), rest(current));
}

function validateImmutableMetadata(next: ApiObject, current: ApiObject): FieldError[] {
  if (current.metadata.deletionTimestamp === undefined) return [];
  const before = new Set(current.metadata.finalizers);
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return [];
  const shown = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(", ")}}`;
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`;
  return [{ reason: "FieldValueForbidden", field: "metadata.finalizers", message }];
}

/** The next state before the server adds its own decisions, and who owns which field of it. */
function merge(
  kernel: Kernel,
  definition: Definition,
  body: ApiObject,
  current: ApiObject,
  options: UpdateOptions,
): ApiObject {
  const { served, strategy } = definition;
  const onStatus = options.subresource === "status";
  const next = onStatus ? statusWrite(definition, body, current) : mainWrite(definition, body, current);
  if (onStatus) strategy.prepareStatus(next);
  else strategy.defaults(next, current);
  if (options.managed === true) return next;
  const schema = served.custom ? schemaOf(served) : undefined;
  return trackUpdate({
    before: current,
    after: next,
    manager: options.manager,
    apiVersion: apiVersionOf(served),
    now: now(kernel),
    subresource: options.subresource,
    ...(schema === undefined ? {} : { schema }),
  });
}

/**
 * Works out the next state of an object. `change` gets the present one, which it must not change, and returns the new
 * body, which may share with it; it may throw. Throws a StatusError.
 */
export function planUpdate(
  kernel: Kernel,
  definition: Definition,
  current: ApiObject,
  change: (current: ApiObject) => Json,
  options: UpdateOptions,
): Change {
  const { served, strategy } = definition;
  const { namespace = "", name } = current.metadata;
  const body = admitBody(cloneJson(change(current)), definition, kernel.registry, { namespace, name }, options);
  checkPreconditions(definition, body, current);
  keepSystemFields(body, current);
  const next = merge(kernel, definition, body, current, options);
  if (options.subresource === "") {
    strategy.prepare(next, current);
    const counts = strategy.generation && specificationChanged(next, current);
    if (counts) next.metadata.generation = (current.metadata.generation ?? 0) + 1;
  }
  const errors = [
    ...validateMetadata(next, strategy.nameRule),
    ...validateImmutableMetadata(next, current),
    ...strategy.validate(next, current),
  ];
  if (errors.length > 0) throw invalid(served, name, errors);
  const { subresource, dryRun } = options;
  return { operation: "UPDATE", definition, subresource, namespace, name, object: next, old: current, dryRun };
}

/** Updates an object for the server itself. Throws 404 when it is gone. */
export function updateObject(
  kernel: Kernel,
  definition: Definition,
  target: Target,
  change: (current: ApiObject) => Json,
  options: UpdateOptions,
): void {
  writeNow(kernel, definition, target, (current) => {
    if (current === undefined) throw notFound(definition.served, target.name);
    return planUpdate(kernel, definition, current, change, options);
  });
}
