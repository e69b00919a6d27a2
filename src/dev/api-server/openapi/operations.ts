import type { ServedResource, Verb } from "../resources.ts";

/** HTTP methods in the order of an OpenAPI path item. */
type Method = "get" | "put" | "post" | "delete" | "patch";

/** What a client may do at a path, and with which query parameters. */
export interface Operation {
  readonly method: Method;
  /** `x-kubernetes-action` */
  readonly action: string;
  readonly parameters: readonly string[];
}

export interface ResourcePath {
  readonly path: string;
  readonly operations: readonly Operation[];
}

const WRITE = ["dryRun", "fieldManager", "fieldValidation"];
const LIST = ["labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "timeoutSeconds", "watch"];

interface VerbOperation extends Operation {
  readonly verb: Verb;
}

const COLLECTION: readonly VerbOperation[] = [
  { verb: "list", method: "get", action: "list", parameters: LIST },
  { verb: "create", method: "post", action: "post", parameters: WRITE },
  { verb: "deletecollection", method: "delete", action: "deletecollection", parameters: [...LIST, "dryRun"] },
];

const ITEM: readonly VerbOperation[] = [
  { verb: "get", method: "get", action: "get", parameters: [] },
  { verb: "update", method: "put", action: "put", parameters: WRITE },
  { verb: "delete", method: "delete", action: "delete", parameters: ["dryRun", "propagationPolicy"] },
  { verb: "patch", method: "patch", action: "patch", parameters: [...WRITE, "force"] },
];

/** The paths of a resource: collection, item and `/status`. */
export function resourcePaths(resource: ServedResource): ResourcePath[] {
  const { group, version, plural, namespaced, verbs, subresources } = resource;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${plural}`;
  const served = (operations: readonly VerbOperation[]): readonly Operation[] =>
    operations.filter(({ verb }) => verbs.includes(verb));
  const item = served(ITEM);
  const paths = [
    { path: collection, operations: served(COLLECTION) },
    { path: `${collection}/{name}`, operations: item },
  ];
  if (subresources.includes("status")) {
    const operations = item.filter(({ method }) => method !== "delete");
    paths.push({ path: `${collection}/{name}/status`, operations });
  }
  return paths.filter(({ operations }) => operations.length > 0);
}
