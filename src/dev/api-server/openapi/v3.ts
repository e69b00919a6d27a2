import { createHash } from "node:crypto";
import type { Json } from "../objects.ts";
import type { ServedResource } from "../resources.ts";
import type { Dialect } from "./definitions.ts";
import { definitionName, definitions, gvkOf } from "./definitions.ts";
import type { Operation } from "./operations.ts";
import { resourcePaths } from "./operations.ts";

const DIALECT: Dialect = {
  prefix: "#/components/schemas/",
  refer: (reference, beside) => ({ ...beside, allOf: [reference] }),
  intOrString: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
  quantity: { oneOf: [{ type: "string" }, { type: "number" }] },
  custom: (schema) => ({ ...schema }),
};

/** `/openapi/v3`: where the document of each group version is. The hash changes when a document does. */
export function openApiV3Index(resources: readonly ServedResource[]): object {
  const byPath = Map.groupBy(resources, pathOf);
  const paths = [...byPath].map(([path, served]) => {
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(served)}` }] as const;
  });
  return { paths: Object.fromEntries(paths) };
}

/** The hash of the document at `path` (`api/v1`, `apis/<group>/<version>`), as the index names it. */
export function openApiV3Hash(path: string, resources: readonly ServedResource[]): string {
  return hashOf(resources.filter((resource) => pathOf(resource) === path));
}

function pathOf({ group, version }: ServedResource): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

function hashOf(served: readonly ServedResource[]): string {
  return createHash("sha256").update(JSON.stringify(served)).digest("hex").toUpperCase();
}

/**
 * The OpenAPI v3 document of a group version; `undefined` when nothing of it is served. Costs milliseconds for the
 * core group: callers keep it as long as the resources stay the same.
 */
export function openApiV3Document(
  group: string,
  version: string,
  resources: readonly ServedResource[],
): object | undefined {
  const served = resources.filter((resource) => resource.group === group && resource.version === version);
  if (served.length === 0) return undefined;
  const paths = served.flatMap((resource) =>
    resourcePaths(resource).map(({ path, operations }) => [path, pathItem(resource, path, operations)] as const),
  );
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.36.2" },
    paths: Object.fromEntries(paths),
    components: { schemas: definitions(served, DIALECT) },
  };
}

function pathItem(resource: ServedResource, path: string, operations: readonly Operation[]): Json {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const item: Json = Object.fromEntries(operations.map((o) => [o.method, operationObject(resource, o)]));
  const parameters = names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  return parameters.length === 0 ? item : { ...item, parameters };
}

function operationObject(resource: ServedResource, { method, action, parameters }: Operation): Json {
  const schema = { $ref: DIALECT.prefix + definitionName(resource) };
  const body = { required: true, content: { "*/*": { schema: method === "patch" ? { type: "object" } : schema } } };
  return {
    ...(parameters.length === 0
      ? {}
      : { parameters: parameters.map((name) => ({ name, in: "query", schema: { type: "string" } })) }),
    ...(method === "get" || method === "delete" ? {} : { requestBody: body }),
    responses: { "200": { description: "OK" } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvkOf(resource),
  };
}
