import { nameOf } from "../../config/resource.ts";
import type { Result } from "../../lib/result.ts";
import { err, ok } from "../../lib/result.ts";
import { fieldsOf } from "../../config/fields.ts";
import { KINDS } from "../../config/kinds.ts";
import type { KubeObject } from "../../ports/kube.ts";
import { closestName } from "../closest-name.ts";
import { CONFIG_KINDS, type ConfigKind, type ConfigLists } from "../../config/config-kinds.ts";
import { knownVersion } from "../validate/known-kinds.ts";
import type { ObjectChange } from "./plan-report.ts";

/** What is to be done to a cluster's configuration. */
export interface Edits {
  /** Objects that are created, or take the place of those with their names. */
  readonly given: ConfigLists;
  /** `NAME` of an IPAddressPool, or `KIND/NAME`. */
  readonly deleted: readonly string[];
  /** Whether the given objects are all that there will be of their kinds. */
  readonly prune: boolean;
}

export interface Overlay {
  readonly after: ConfigLists;
  readonly changes: readonly ObjectChange[];
}

const ENTRIES = Object.entries(CONFIG_KINDS) as readonly (readonly [ConfigKind, keyof ConfigLists])[];

/** The configuration as it would be after the edits. The error names a deletion that makes no sense. */
export function overlay(live: ConfigLists, { given, deleted, prune }: Edits): Result<Overlay, string> {
  const goes = new Set<string>();
  for (const text of deleted) {
    const object = deletedObject(text, live, given);
    if (!object.ok) return object;
    goes.add(object.value);
  }
  const changes: ObjectChange[] = [];
  const lists = ENTRIES.map(([kind, list]) => {
    const news = new Map(given[list].map((object) => [nameOf(object), object]));
    const stays = (object: KubeObject) =>
      !goes.has(idOf(kind, object)) && (!prune || news.size === 0 || news.has(nameOf(object)));
    const kept = live[list].filter(stays);
    const known = new Map(kept.map((object) => [nameOf(object), object]));
    for (const object of live[list])
      if (!stays(object)) changes.push({ object: label(kind, object), change: "deleted" });
    for (const object of given[list])
      changes.push({ object: label(kind, object), change: changeOf(kind, known.get(nameOf(object)), object) });
    return [list, [...kept.filter((object) => !news.has(nameOf(object))), ...given[list]]] as const;
  });
  return ok({ after: Object.fromEntries(lists) as unknown as ConfigLists, changes });
}

function changeOf(kind: ConfigKind, old: KubeObject | undefined, now: KubeObject): ObjectChange["change"] {
  if (old === undefined) return "added";
  return canonical(kind, old) === canonical(kind, now) ? "unchanged" : "changed";
}

/** What counts of an object, with the defaults that the API server fills in, as a text that doesn't depend on order. */
function canonical(kind: ConfigKind, object: KubeObject): string {
  const { group, version } = KINDS[kind];
  const properties = fieldsOf(fieldsOf(knownVersion(`${group}/${version}`, kind)?.schema["properties"])["spec"])[
    "properties"
  ];
  const defaults = Object.entries(fieldsOf(properties))
    .map(([field, schema]) => [field, fieldsOf(schema)["default"]] as const)
    .filter(([, value]) => value !== undefined);
  const spec = { ...Object.fromEntries(defaults), ...fieldsOf(object["spec"]) };
  return sortedJson([object.metadata.labels ?? {}, spec]);
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function deletedObject(text: string, live: ConfigLists, given: ConfigLists): Result<string, string> {
  const [name = "", kindText = "IPAddressPool"] = text.split("/", 2).toReversed();
  const found = ENTRIES.find(([kind]) => [kind, KINDS[kind].plural].some((known) => isSame(known, kindText)));
  if (found === undefined)
    return err(`${JSON.stringify(kindText)} is not a kind; there are ${Object.keys(CONFIG_KINDS).join(", ")}`);
  const [kind, list] = found;
  const names = live[list].map(nameOf);
  if (given[list].some((object) => nameOf(object) === name))
    return err(`${kind} ${name} is to be deleted, and it is in the files`);
  if (names.includes(name)) return ok(`${kind}/${name}`);
  const meant = closestName(name, names);
  return err(`there is no ${kind} ${name} to delete${meant === undefined ? "" : `; did you mean ${meant}?`}`);
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function idOf(kind: ConfigKind, object: KubeObject): string {
  return `${kind}/${nameOf(object)}`;
}

function label(kind: ConfigKind, object: KubeObject): string {
  return `${kind} ${object.metadata.namespace ?? ""}/${nameOf(object)}`;
}
