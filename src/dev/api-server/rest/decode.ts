import { badRequest, invalid } from "../errors.ts";
import { invalidValue } from "../field-errors.ts";
import type { ApiObject, Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import type { Definition, Registry } from "../registry.ts";
import type { ServedResource } from "../resources.ts";
import { apiVersionOf } from "../resources.ts";
import { coreSchema } from "../schema/core-schemas.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import { prune } from "../schema/prune.ts";
import { validateStructural } from "../schema/validate.ts";
import type { WriteOptions } from "./write-options.ts";
import { stringifyJson } from "../json-text.ts";

/** Where a write is addressed to. */
export interface Target {
  readonly namespace: string;
  /** "" on create. */
  readonly name: string;
}

export function schemaOf(served: ServedResource): StructuralSchema | undefined {
  return served.custom ? served.schema : coreSchema(apiVersionOf(served), served.kind);
}

function cannotBeHandled(body: Json, expected: ServedResource, why: string): Error {
  const group = String(body["apiVersion"]);
  const version = group.split("/").at(-1);
  return badRequest(`${String(body["kind"])} in version "${version}" cannot be handled as a ${expected.kind}: ${why}`);
}

function internalVersion(apiVersion: string): string {
  const [group, version] = apiVersion.split("/") as [string, string?];
  return version === undefined ? "core" : group.split(".")[0]!;
}

function checkKind(body: Json, served: ServedResource, registry: Registry): void {
  const expected = apiVersionOf(served);
  const { apiVersion, kind } = body;
  if (typeof kind !== "string" || kind === "") throw missing("Kind", body);
  if (typeof apiVersion !== "string" || apiVersion === "") throw missing("apiVersion", body);
  if (apiVersion === expected && kind === served.kind) return;
  if (served.custom && apiVersion === expected) {
    throw invalid(served, nameIn(body), [invalidValue("kind", kind, `must be ${served.kind}`)]);
  }
  if (kind === served.kind || served.custom) {
    const why = `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`;
    throw badRequest(why);
  }
  throw otherKind(body, served, registry, { apiVersion, kind });
}

function missing(what: string, body: Json): Error {
  return badRequest(`Object '${what}' is missing in '${stringifyJson(body).slice(0, 200)}'`);
}

function otherKind(
  body: Json,
  served: ServedResource,
  registry: Registry,
  sent: { readonly apiVersion: string; readonly kind: string },
): Error {
  const { apiVersion, kind } = sent;
  if (registry.byKind(apiVersion, kind) === undefined) {
    return badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  }
  const from = `${apiVersion.split("/").at(-1)}.${kind}`;
  const to = `${internalVersion(apiVersionOf(served))}.${served.kind}`;
  return cannotBeHandled(body, served, `converting (${from}) to (${to}): unknown conversion`);
}

function nameIn(body: Json): string {
  const metadata = body["metadata"];
  return isRecord(metadata) && typeof metadata["name"] === "string" ? metadata["name"] : "";
}

/** Drops empty members that Go clients write but mean nothing. */
function tidyMetadata(metadata: Json): void {
  for (const key of ["creationTimestamp", "deletionTimestamp", "labels", "annotations", "finalizers"]) {
    if (metadata[key] === null) delete metadata[key];
  }
  for (const key of ["namespace", "resourceVersion", "uid", "generateName", "selfLink"]) {
    if (metadata[key] === "" || metadata[key] === null) delete metadata[key];
  }
  delete metadata["selfLink"];
}

const STRING_FIELDS = ["name", "namespace", "generateName", "resourceVersion", "uid"] as const;
const STRING_MAPS = ["labels", "annotations"] as const;

function unmarshalError(body: Json, served: ServedResource, found: unknown, where: string, type: string): Error {
  const name = Array.isArray(found) ? "array" : typeof found === "boolean" ? "bool" : typeof found;
  return cannotBeHandled(body, served, `json: cannot unmarshal ${name} into Go struct field ${where} of type ${type}`);
}

function checkMetadata(body: Json, served: ServedResource): void {
  const metadata = body["metadata"] ?? (body["metadata"] = {});
  if (!isRecord(metadata)) throw unmarshalError(body, served, metadata, "ObjectMeta.metadata", "v1.ObjectMeta");
  tidyMetadata(metadata);
  for (const field of STRING_FIELDS) {
    const value = metadata[field];
    if (value !== undefined && typeof value !== "string") {
      throw unmarshalError(body, served, value, `ObjectMeta.metadata.${field}`, "string");
    }
  }
  for (const field of STRING_MAPS) checkStringMap(body, served, metadata[field], field);
  for (const field of ["finalizers", "ownerReferences"]) {
    const value = metadata[field];
    if (value !== undefined && !Array.isArray(value)) {
      throw unmarshalError(body, served, value, `ObjectMeta.metadata.${field}`, "[]string");
    }
  }
}

function checkStringMap(body: Json, served: ServedResource, value: unknown, field: string): void {
  if (value === undefined) return;
  if (!isRecord(value)) throw unmarshalError(body, served, value, `ObjectMeta.metadata.${field}`, "map[string]string");
  const wrong = Object.values(value).find((item) => typeof item !== "string");
  if (wrong !== undefined) throw unmarshalError(body, served, wrong, `ObjectMeta.metadata.${field}`, "string");
}

function checkAddress(body: ApiObject, served: ServedResource, target: Target): void {
  const { metadata } = body;
  if (served.namespaced) {
    metadata.namespace ??= target.namespace;
    if (metadata.namespace !== target.namespace) {
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
    }
  } else delete metadata.namespace;
  if (target.name === "") return;
  metadata.name ??= target.name;
  if (metadata.name !== target.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${target.name})`);
  }
}

/** Drops fields that the schema doesn't know; says so as the client asked for it. Throws 400 when it asked for Strict. */
function dropUnknownFields(object: ApiObject, served: ServedResource, options: WriteOptions): void {
  const schema = schemaOf(served);
  if (schema === undefined) return;
  const unknown = prune(schema, object).map((path) => `unknown field "${path}"`);
  if (unknown.length === 0 || options.fieldValidation === "Ignore") return;
  if (options.fieldValidation === "Warn") options.warnings.push(...unknown);
  else throw cannotBeHandled(object, served, `strict decoding error: ${unknown.join(", ")}`);
}

/** For a built-in kind a null is as good as nothing: Go decodes it to the zero value. */
function dropNulls(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) dropNulls(item);
  if (!isRecord(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (item === null) delete value[key];
    else dropNulls(item);
  }
}

/** A built-in kind's field of a wrong type never gets past the decoder of a real server. */
function checkBuiltinTypes(object: ApiObject, served: ServedResource): void {
  const schema = served.custom ? undefined : schemaOf(served);
  if (schema === undefined) return;
  const wrong = validateStructural(schema, object).find((error) => error.reason === "FieldValueTypeInvalid");
  if (wrong === undefined) return;
  const found = /Invalid value: "(\w+)"/.exec(wrong.message)?.[1] ?? "value";
  const type = /must be of type (\w+)/.exec(wrong.message)?.[1] ?? "another type";
  const why = `json: cannot unmarshal ${found} into Go struct field ${served.kind}.${wrong.field} of type ${type}`;
  throw cannotBeHandled(object, served, why);
}

/**
 * Turns the decoded body of a create, update or patch result into an object of the target's kind: right kind, metadata
 * of the right types, addressed to the target, without unknown fields. Changes and returns `body`. Throws 400 or 422.
 */
export function admitBody(
  body: Json,
  definition: Definition,
  registry: Registry,
  target: Target,
  options: WriteOptions,
): ApiObject {
  const { served } = definition;
  body["kind"] ??= served.kind;
  body["apiVersion"] ??= apiVersionOf(served);
  checkKind(body, served, registry);
  checkMetadata(body, served);
  const object = body as ApiObject;
  if (!served.custom) dropNulls(object);
  checkAddress(object, served, target);
  dropUnknownFields(object, served, options);
  checkBuiltinTypes(object, served);
  return object;
}
