import type { Json } from "../objects.ts";
import { equalJson, isRecord, text } from "../objects.ts";
import { coreSchema } from "../schema/core-schemas.ts";
import { objectMetaSchema } from "../schema/core-schemas.ts";
import { withEmptyStructs } from "../schema/empty-structs.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import type { FieldSet } from "./field-set.ts";
import { difference, emptySet, fromFieldsV1, isEmptySet, sameSet, toFieldsV1, union, without } from "./field-set.ts";
import { compare } from "./typed.ts";

/** One entry of `metadata.managedFields`: who set which fields, by which kind of operation. */
export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, whole seconds. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Fields that nobody owns: they identify the object or belong to the server. */
const UNOWNED: readonly (readonly string[])[] = [
  ["f:apiVersion"],
  ["f:kind"],
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((field) => ["f:metadata", `f:${field}`]),
];

export function ownable(fields: FieldSet): FieldSet {
  const rest = UNOWNED.reduce((set, path) => without(set, path), fields);
  const metadata = rest.children.get("f:metadata");
  if (metadata === undefined || !metadata.member) return rest;
  const children = new Map(rest.children);
  if (metadata.children.size === 0) children.delete("f:metadata");
  else children.set("f:metadata", { member: false, children: metadata.children });
  return { member: rest.member, children };
}

export function metadataOf(object: object | undefined): Json {
  const metadata = (object as Json | undefined)?.["metadata"];
  return isRecord(metadata) ? metadata : {};
}

/** Reads `metadata.managedFields`; entries that make no sense are left out. */
export function managersOf(object: object | undefined): Manager[] {
  const entries = metadataOf(object)["managedFields"];
  return Array.isArray(entries) ? entries.flatMap((entry) => (isRecord(entry) ? managerOf(entry) : [])) : [];
}

function managerOf(entry: Json): Manager[] {
  const { manager, operation, apiVersion, time, subresource, fieldsV1 } = entry;
  if (typeof manager !== "string" || typeof apiVersion !== "string") return [];
  if (operation !== "Apply" && operation !== "Update") return [];
  return [
    {
      manager,
      operation,
      apiVersion,
      subresource: typeof subresource === "string" ? subresource : "",
      time: typeof time === "string" ? time : undefined,
      fields: fromFieldsV1(fieldsV1),
    },
  ];
}

/** A copy of the object with these managers, in the server's order; managers without fields are left out. */
export function withManagers<T extends object>(object: T, managers: readonly Manager[]): T {
  const entries = managers.filter((manager) => !isEmptySet(manager.fields)).sort(byOperationAndTime);
  const { managedFields: _replaced, ...metadata } = metadataOf(object);
  const managedFields = entries.length === 0 ? {} : { managedFields: entries.map(entryOf) };
  return { ...object, metadata: { ...metadata, ...managedFields } };
}

function entryOf({ manager, operation, apiVersion, subresource, time, fields }: Manager): Json {
  return {
    manager,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: toFieldsV1(fields),
    ...(subresource === "" ? {} : { subresource }),
  };
}

function byOperationAndTime(a: Manager, b: Manager): number {
  const keys = (m: Manager): string[] => [m.operation, m.time ?? "", m.manager, m.apiVersion, m.subresource];
  const [left, right] = [keys(a), keys(b)];
  const differing = left.findIndex((key, index) => key !== right[index]);
  return differing === -1 ? 0 : left[differing]! < right[differing]! ? -1 : 1;
}

/** The schema by which fields are owned. A custom resource's own says little about metadata. */
export function ownershipSchema(apiVersion: string, kind: string, schema?: StructuralSchema): StructuralSchema {
  const base = schema ?? coreSchema(apiVersion, kind) ?? {};
  return { ...base, properties: { ...base.properties, metadata: objectMetaSchema() } };
}

export interface Update {
  /** The stored object; `undefined` when `after` is being created. */
  readonly before: object | undefined;
  /** What will be stored, defaults filled in, before the server allocates anything (cluster IPs, node ports). */
  readonly after: object;
  readonly manager: string;
  readonly apiVersion: string;
  /** RFC 3339, whole seconds. */
  readonly now: string;
  readonly subresource?: string;
  /** Of custom resources. */
  readonly schema?: StructuralSchema;
}

/**
 * Records an Update (POST, PUT, PATCH other than apply): returns `after` with `metadata.managedFields`. The manager
 * comes to own what it changed, and whoever owned that before no longer does. Sending `managedFields: []` keeps the
 * stored ones, `[{}]` forgets them all.
 */
export function trackUpdate<T extends object>(update: Update & { readonly after: T }): T {
  const { before, after } = update;
  const sent = metadataOf(after)["managedFields"];
  const isSent = Array.isArray(sent) && sent.length > 0;
  const managers = managersOf(isSent ? after : before);
  const isReset = isSent && managers.length === 0;
  if (isReset || (before !== undefined && sameFields(before, after))) return withManagers(after, managers);
  return withManagers(after, recordChange(update, managers));
}

function recordChange({ before, after, ...update }: Update, managers: readonly Manager[]): Manager[] {
  const { manager, apiVersion, now, subresource = "" } = update;
  const kind = text((after as Json)["kind"]);
  const schema = ownershipSchema(apiVersion, kind, update.schema);
  const filled = (object: object): object => withEmptyStructs(apiVersion, kind, object);
  const { added, modified, removed } = compare(schema, filled(before ?? {}), filled(after));
  const changed = ownable(union(added, modified));
  const key = { manager, operation: "Update", apiVersion, subresource } as const;
  const own = managers.find((m) => isSame(m, key));
  const fields = union(difference(own?.fields ?? emptySet(), removed), changed);
  const others = managers
    .filter((m) => m !== own)
    .map((m) => ({ ...m, fields: difference(difference(m.fields, changed), removed) }));
  const time = own !== undefined && sameSet(own.fields, fields) ? own.time : now;
  return [...others, { ...key, time, fields }];
}

/** Whether nothing changed that anybody could own; the cheap way to see it, and the most frequent write. */
function sameFields(before: object, after: object): boolean {
  const comparable = (object: object): object => ({ ...object, metadata: { ...metadataOf(object), ...NOT_COMPARED } });
  return equalJson(comparable(before), comparable(after));
}

const NOT_COMPARED = { managedFields: undefined, resourceVersion: undefined, generation: undefined };

/** Whether two entries are the same manager doing the same kind of thing. */
export function isSame(a: ManagerKey, b: ManagerKey): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.apiVersion === b.apiVersion &&
    a.subresource === b.subresource
  );
}

type ManagerKey = Pick<Manager, "manager" | "operation" | "apiVersion" | "subresource">;
