import { fieldsOf } from "../../config/fields.ts";
import type { Complain } from "../../config/resource.ts";
import { closestName } from "../closest-name.ts";

type Schema = Readonly<Record<string, unknown>>;

/** ObjectMeta of meta/v1: its fields, not what is in them. */
const METADATA: Schema = {
  properties: {
    name: {},
    generateName: {},
    namespace: {},
    labels: {},
    annotations: {},
    finalizers: {},
    ownerReferences: {},
    managedFields: {},
    uid: {},
    resourceVersion: {},
    generation: {},
    selfLink: {},
    creationTimestamp: {},
    deletionTimestamp: {},
    deletionGracePeriodSeconds: {},
  },
};

/**
 * Complains about every field that the schema of the object doesn't have, in the words of the API server's strict
 * validation. Left alone, the API server drops such fields, or kubectl refuses the object.
 */
export function refuseUnknownFields(schema: Schema, object: unknown, complain: Complain): void {
  const properties = { ...fieldsOf(schema["properties"]), metadata: METADATA };
  walk({ properties }, object, "", complain);
}

function walk(schema: Schema, value: unknown, path: string, complain: Complain): void {
  if (Array.isArray(value)) {
    const items = fieldsOf(schema["items"]);
    for (const [i, item] of value.entries()) walk(items, item, `${path}[${i}]`, complain);
    return;
  }
  const properties = schema["properties"];
  if (properties === undefined) return;
  const known = fieldsOf(properties);
  for (const [name, child] of Object.entries(fieldsOf(value))) {
    const at = path === "" ? name : `${path}.${name}`;
    if (Object.hasOwn(known, name)) walk(fieldsOf(known[name]), child, at, complain);
    else complain(at, `unknown field ${JSON.stringify(at)}`, fix(name, Object.keys(known)));
  }
}

function fix(name: string, known: readonly string[]): string {
  const meant = closestName(name, known);
  return meant === undefined ? `remove it; there are ${known.join(", ")}` : `did you mean ${JSON.stringify(meant)}?`;
}
