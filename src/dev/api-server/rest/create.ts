import { forbidden, invalid, notFound } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { now } from "../kernel.ts";
import type { ApiObject, Json } from "../objects.ts";
import { cloneJson } from "../objects.ts";
import { trackUpdate } from "../patch/managed-fields.ts";
import type { Definition } from "../registry.ts";
import { apiVersionOf } from "../resources.ts";
import { StatusError } from "../status.ts";
import type { Change } from "./change.ts";
import type { Target } from "./decode.ts";
import { admitBody, schemaOf } from "./decode.ts";
import { validateMetadata } from "./metadata.ts";
import type { WriteOptions } from "./write-options.ts";
import { writeNow } from "./write.ts";

/** Longest prefix that leaves room for the five random characters of generateName. */
const MAX_GENERATED_PREFIX = 58;

function checkNamespace(kernel: Kernel, definition: Definition, object: ApiObject): void {
  const { served } = definition;
  if (!served.namespaced) return;
  const name = object.metadata.namespace ?? "";
  const namespace = kernel.storage.get("namespaces", "", name);
  if (namespace === undefined) throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  throw forbidden(served, object.metadata.name, why);
}

function nameObject(kernel: Kernel, object: ApiObject): void {
  const { name, generateName } = object.metadata;
  if (name !== undefined || generateName === undefined) return;
  object.metadata.name = generateName.slice(0, MAX_GENERATED_PREFIX) + kernel.suffix(5);
}

function stamp(kernel: Kernel, definition: Definition, object: ApiObject): void {
  const { metadata } = object;
  metadata.uid = kernel.uid();
  metadata.creationTimestamp = now(kernel);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.generation;
  if (definition.strategy.generation) metadata.generation = 1;
}

/** Everything that the client sent, with its defaults, belongs to the client. */
function own(kernel: Kernel, { served }: Definition, after: ApiObject, manager: string): void {
  delete after.metadata.managedFields;
  const schema = schemaOf(served);
  const custom = served.custom && schema !== undefined ? { schema } : {};
  const apiVersion = apiVersionOf(served);
  const tracked = trackUpdate({ before: undefined, after, manager, apiVersion, now: now(kernel), ...custom });
  after.metadata = tracked.metadata;
}

/**
 * Works out a new object: names it, fills in defaults, validates. `managed` says that the caller has already written
 * managedFields (server-side apply). Throws a StatusError.
 */
export function planCreate(
  kernel: Kernel,
  definition: Definition,
  target: Target,
  body: Json,
  options: WriteOptions & { readonly managed?: boolean },
): Change {
  const { served, strategy } = definition;
  const object = admitBody(cloneJson(body), definition, kernel.registry, target, options);
  if (object.metadata.resourceVersion !== undefined) {
    throw new StatusError(500, "", "resourceVersion should not be set on objects to be created");
  }
  const name = object.metadata.name ?? "";
  nameObject(kernel, object);
  checkNamespace(kernel, definition, object);
  stamp(kernel, definition, object);
  strategy.defaults(object, undefined);
  if (options.managed !== true) own(kernel, definition, object, options.manager);
  strategy.prepare(object, undefined);
  const errors = [...validateMetadata(object, strategy.nameRule), ...strategy.validate(object, undefined)];
  if (errors.length > 0) throw invalid(served, object.metadata.name ?? "", errors);
  const { namespace = "" } = object.metadata;
  const { dryRun } = options;
  return { operation: "CREATE", definition, subresource: "", namespace, name, object, old: undefined, dryRun };
}

/** Creates an object for the server itself. */
export function createObject(
  kernel: Kernel,
  definition: Definition,
  target: Target,
  body: Json,
  options: WriteOptions,
): void {
  writeNow(kernel, definition, target, () => planCreate(kernel, definition, target, body, options));
}
