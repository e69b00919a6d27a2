import { invalidValue, requiredValue } from "../field-errors.ts";
import { labelValue, qualifiedKey } from "../names.ts";
import type { NameRule } from "../names.ts";
import type { ApiObject } from "../objects.ts";
import { record } from "../objects.ts";
import type { FieldError } from "../status.ts";

/** 256 KiB for all annotations of an object. */
const MAX_ANNOTATIONS = 256 * 1024;

/** Rules that hold for the metadata of every kind. */
export function validateMetadata(object: ApiObject, nameRule: NameRule): FieldError[] {
  const { metadata } = object;
  return [
    ...validateName(object, nameRule),
    ...Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => [
      ...qualifiedKey(key).map((why) => invalidValue("metadata.labels", key, why)),
      ...labelValue(value).map((why) => invalidValue("metadata.labels", value, why)),
    ]),
    ...validateAnnotations(metadata.annotations ?? {}),
    ...(metadata.finalizers ?? []).flatMap((finalizer, i) =>
      qualifiedKey(finalizer).map((why) => invalidValue(`metadata.finalizers[${i}]`, finalizer, why)),
    ),
    ...(metadata.ownerReferences ?? []).flatMap((owner, i) => validateOwner(record(owner), i)),
  ];
}

function validateName(object: ApiObject, nameRule: NameRule): FieldError[] {
  const { name, generateName } = object.metadata;
  if (name === undefined || name === "") {
    return generateName === undefined ? [requiredValue("metadata.name", "name or generateName is required")] : [];
  }
  return nameRule(name).map((why) => invalidValue("metadata.name", name, why));
}

function validateAnnotations(annotations: Readonly<Record<string, string>>): FieldError[] {
  const errors = Object.keys(annotations).flatMap((key) =>
    qualifiedKey(key.toLowerCase()).map((why) => invalidValue("metadata.annotations", key, why)),
  );
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (size > MAX_ANNOTATIONS) {
    const message = `Too long: may not be more than ${MAX_ANNOTATIONS} bytes`;
    errors.push({ reason: "FieldValueTooLong", field: "metadata.annotations", message });
  }
  return errors;
}

function validateOwner(owner: Readonly<Record<string, unknown>>, index: number): FieldError[] {
  const path = `metadata.ownerReferences[${index}]`;
  return ["apiVersion", "kind", "name", "uid"].flatMap((field) =>
    typeof owner[field] === "string" && owner[field] !== ""
      ? []
      : [
          invalidValue(
            `${path}.${field}`,
            owner[field] ?? "",
            `${field === "apiVersion" ? "version" : field} must not be empty`,
          ),
        ],
  );
}
