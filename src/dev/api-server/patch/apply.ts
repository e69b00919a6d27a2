import { badRequest, invalid } from "../errors.ts";
import { requiredValue } from "../field-errors.ts";
import type { Json } from "../objects.ts";
import { equalJson, isRecord, text } from "../objects.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import { StatusError } from "../status.ts";
import type { FieldSet } from "./field-set.ts";
import {
  difference,
  emptySet,
  intersection,
  isEmptySet,
  members,
  pathText,
  sameSet,
  union,
  without,
} from "./field-set.ts";
import type { Manager } from "./managed-fields.ts";
import { isSame, managersOf, metadataOf, ownable, ownershipSchema, withManagers } from "./managed-fields.ts";
import { compare, fieldsOf, mergeTyped, removeFields } from "./typed.ts";
import { parseJson } from "../json-text.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** What a patch is for, and who patches. */
export interface PatchTarget {
  /** The stored object; only an apply patch makes a new one. Never changed. */
  readonly current: object | undefined;
  readonly apiVersion: string;
  readonly kind: string;
  readonly isCustomResource: boolean;
  readonly fieldManager: string | undefined;
  readonly force: boolean;
  /** RFC 3339, whole seconds. */
  readonly now: string;
  readonly subresource?: string;
  /** Of custom resources; built-in kinds have theirs. */
  readonly schema?: StructuralSchema;
}

export interface Apply extends PatchTarget {
  readonly configuration: Json;
}

/** A manager and the fields it would lose. */
interface Conflict {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

/**
 * Server-side apply. The configuration's fields are set and owned by the manager; fields that it applied before and no
 * longer mentions go, unless somebody else owns them; changing what others own is a conflict (409) unless forced.
 */
export function serverSideApply(apply: Apply): object {
  check(apply);
  const { current, apiVersion, kind, subresource = "", now } = apply;
  const schema = ownershipSchema(apiVersion, kind, apply.schema);
  const key = { manager: apply.fieldManager!, operation: "Apply", apiVersion, subresource } as const;
  const managers = knownManagers(current, schema, apply);
  const last = managers.find((m) => isSame(m, key));
  const others = managers.filter((m) => m !== last);
  const configuration = withoutManagedFields(apply.configuration);
  const fields = appliedFields(schema, configuration, apply);
  const stored = current ?? {};
  const merged = mergeTyped(schema, stored, configuration) as Json;
  const lost = difference(last?.fields ?? emptySet(), fields);
  const kept = others.reduce((set, manager) => union(set, manager.fields), fields);
  const next = (removeFields(schema, merged, lost, kept) ?? {}) as Json;
  const { added, modified, removed } = compare(schema, stored, next);
  const conflicts = conflictsOf(others, ownable(union(added, modified)));
  const contested = apply.force ? [] : conflicts.filter((c) => !isEmptySet(c.fields));
  refuse(contested, allowedByLastApplied(apply, schema));
  const rest = others.map((manager) => {
    const taken = conflicts.find((conflict) => conflict.manager === manager)?.fields ?? emptySet();
    return { ...manager, fields: difference(difference(manager.fields, taken), removed) };
  });
  const time = last !== undefined && sameSet(last.fields, fields) && equalJson(stored, next) ? last.time : now;
  return withManagers(withLastApplied(next, apply), [...rest, { ...key, time, fields }]);
}

function check({ fieldManager, configuration, apiVersion, kind }: Apply): void {
  if (fieldManager === undefined || fieldManager === "") {
    const error = requiredValue("fieldManager", "is required for apply patch");
    throw invalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", [error]);
  }
  if (configuration["apiVersion"] !== apiVersion) {
    const specified = text(configuration["apiVersion"]);
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${specified}, expected: ${apiVersion}`,
    );
  }
  if (configuration["kind"] !== kind) {
    throw badRequest(`Incorrect kind specified in apply patch: ${text(configuration["kind"])}, expected: ${kind}`);
  }
  const managed = metadataOf(configuration)["managedFields"];
  if (managed !== undefined && managed !== null) throw badRequest("metadata.managedFields must be nil");
}

function withoutManagedFields(configuration: Json): Json {
  const { managedFields: _nil, ...metadata } = metadataOf(configuration);
  return { ...configuration, metadata };
}

/** Everything that existed before anybody's fields were tracked has an owner too. */
function knownManagers(current: object | undefined, schema: StructuralSchema, apply: Apply): Manager[] {
  const managers = managersOf(current);
  if (managers.length > 0 || current === undefined) return managers;
  const fields = ownable(fieldsOf(schema, current));
  const { apiVersion } = apply;
  return [{ manager: "before-first-apply", operation: "Update", apiVersion, subresource: "", time: undefined, fields }];
}

/** The main resource does not set `status`, `/status` does not set `spec`: nobody comes to own it that way. */
function appliedFields(schema: StructuralSchema, configuration: Json, apply: Apply): FieldSet {
  const all = ownable(fieldsOf(schema, configuration));
  if (apply.subresource === "status") {
    const fields = without(all, ["f:spec"]);
    return apply.isCustomResource ? without(fields, ["f:metadata"]) : fields;
  }
  return apply.isCustomResource ? all : without(all, ["f:status"]);
}

function conflictsOf(others: readonly Manager[], changed: FieldSet): Conflict[] {
  return others.map((manager) => ({ manager, fields: intersection(manager.fields, changed) }));
}

/**
 * `kubectl apply --server-side` of what was applied client-side: what still stands as the last applied configuration
 * has it may be taken over without a conflict.
 */
function allowedByLastApplied(apply: Apply, schema: StructuralSchema): FieldSet {
  const annotations = metadataOf(apply.current)["annotations"];
  const applied = isRecord(annotations) ? annotations[LAST_APPLIED] : undefined;
  if (apply.fieldManager !== "kubectl" || typeof applied !== "string") return emptySet();
  try {
    const last: unknown = parseJson(applied);
    if (!isRecord(last)) return emptySet();
    return difference(fieldsOf(schema, last), compare(schema, last, apply.current).modified);
  } catch {
    // An annotation that somebody mangled allows nothing.
    return emptySet();
  }
}

/**
 * kubectl's own server-side apply also renews the annotation of an earlier client-side one, so that a later client-side
 * apply starts from what was applied last. Nobody comes to own it that way.
 */
function withLastApplied(next: Json, { fieldManager, configuration }: Apply): Json {
  const metadata = metadataOf(next);
  const { annotations } = metadata;
  if (fieldManager !== "kubectl" || !isRecord(annotations) || !annotations[LAST_APPLIED]) return next;
  const own = metadataOf(configuration);
  const { [LAST_APPLIED]: _itself, ...applied } = isRecord(own["annotations"]) ? own["annotations"] : {};
  const kept = Object.keys(applied).length === 0 ? {} : { annotations: applied };
  const { annotations: _replaced, ...rest } = own;
  const value = `${sortedJson({ ...configuration, metadata: { ...kept, ...rest } })}\n`;
  return { ...next, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: value } } };
}

/** JSON with the keys of every object in order, as Go writes maps. */
function sortedJson(value: Json): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isRecord(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

/** Throws 409 when fields remain contested. */
function refuse(conflicts: readonly Conflict[], allowed: FieldSet): void {
  const named = conflicts
    .map(({ manager, fields }) => ({ by: managerText(manager), paths: members(difference(fields, allowed)) }))
    .filter(({ paths }) => paths.length > 0)
    .sort((a, b) => (a.by < b.by ? -1 : 1));
  const causes = named.flatMap(({ by, paths }) =>
    paths.map((path) => ({ reason: "FieldManagerConflict", message: `conflict with ${by}`, field: pathText(path) })),
  );
  if (causes.length === 0) return;
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${causes[0]!.message}: ${causes[0]!.field}`
      : `Apply failed with ${causes.length} conflicts: ${named.map(conflictText).join("\n")}`;
  throw new StatusError(409, "Conflict", message, { causes });
}

function conflictText({ by, paths }: { by: string; paths: string[][] }): string {
  return [`conflicts with ${by}:`, ...paths.map((path) => `- ${pathText(path)}`)].join("\n");
}

function managerText({ manager, subresource, operation, apiVersion, time }: Manager): string {
  const name = JSON.stringify(manager) + (subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`);
  if (operation === "Apply") return name;
  return `${name} using ${apiVersion}${time === undefined ? "" : ` at ${time}`}`;
}
