import { describe, expect, test } from "vitest";
import reference from "../../../../test/golden/api-server/reference-crd-schemas.json" with { type: "json" };
import { BUILTIN_RESOURCES } from "../builtin-resources.ts";
import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import type { ServedResource } from "../resources.ts";
import { GnosticDocument } from "./gnostic.ts";
import { openApiV2Document } from "./v2.ts";
import { openApiV3Document, openApiV3Index } from "./v3.ts";

const POOL: ServedResource = {
  group: "metallb.io",
  version: "v1beta1",
  plural: "ipaddresspools",
  singular: "ipaddresspool",
  kind: "IPAddressPool",
  listKind: "IPAddressPoolList",
  namespaced: true,
  shortNames: [],
  categories: [],
  verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  subresources: ["status"],
  custom: true,
  schema: (reference as unknown as Record<string, Json>)["ipaddresspools.metallb.io/v1beta1"]!,
};

const RESOURCES = [...BUILTIN_RESOURCES, POOL];
const SERVICE_GVK = { group: "", kind: "Service", version: "v1" };

function collect(value: unknown, key: string): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => collect(item, key));
  if (!isRecord(value)) return [];
  const own = Object.hasOwn(value, key) && typeof value[key] === "string" && value[key] !== "" ? [value[key]] : [];
  return [...own, ...Object.values(value).flatMap((item) => collect(item, key))];
}

interface V3 {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

function v3(group: string, version: string): V3 {
  return openApiV3Document(group, version, RESOURCES) as V3;
}

describe("v3", () => {
  test("the index names every group version, and a changed schema changes its hash", () => {
    const index = (resources: readonly ServedResource[]): Record<string, { serverRelativeURL: string }> =>
      (openApiV3Index(resources) as { paths: Record<string, { serverRelativeURL: string }> }).paths;
    const before = index(RESOURCES);
    expect(Object.keys(before)).toEqual(expect.arrayContaining(["api/v1", "apis/apps/v1", "apis/metallb.io/v1beta1"]));
    expect(before["api/v1"]!.serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{64}$/);
    const after = index([...BUILTIN_RESOURCES, { ...POOL, schema: {} }]);
    expect(after["api/v1"]).toEqual(before["api/v1"]);
    expect(after["apis/metallb.io/v1beta1"]).not.toEqual(before["apis/metallb.io/v1beta1"]);
  });

  test("what is not served has no document", () => {
    expect(openApiV3Document("nope.io", "v1", RESOURCES)).toBeUndefined();
  });

  test.each(Object.keys((openApiV3Index(RESOURCES) as { paths: object }).paths))(
    "%s refers to nothing outside",
    (path) => {
      const [root, first = "", second = ""] = path.split("/");
      const document = root === "api" ? v3("", first) : v3(first, second);
      const names = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
      const missing = collect(document, "$ref").filter((reference) => !names.has(String(reference)));
      expect(missing).toEqual([]);
    },
  );

  test("kubectl finds what it may send with a patch of a Service", () => {
    const item = v3("", "v1").paths["/api/v1/namespaces/{namespace}/services/{name}"]!;
    const { patch } = item as { patch: Json };
    expect(patch["x-kubernetes-group-version-kind"]).toEqual(SERVICE_GVK);
    expect(patch["x-kubernetes-action"]).toBe("patch");
    const parameters = patch["parameters"] as { name: string }[];
    expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(["dryRun", "fieldValidation", "force"]));
  });

  test("explain finds the Service by its kind, its ports by reference, with texts and merge keys", () => {
    const { schemas } = v3("", "v1").components;
    expect(schemas["io.k8s.api.core.v1.Service"]!["x-kubernetes-group-version-kind"]).toEqual([SERVICE_GVK]);
    const spec = schemas["io.k8s.api.core.v1.ServiceSpec"]!["properties"] as Record<string, Json>;
    expect(spec["type"]!["description"]).toContain("LoadBalancer");
    expect(spec["ports"]).toMatchObject({
      type: "array",
      items: { $ref: "#/components/schemas/io.k8s.api.core.v1.ServicePort" },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["port", "protocol"],
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "port",
    });
  });

  test("a custom resource's schema is its own, with the metadata of all", () => {
    const { schemas } = v3("metallb.io", "v1beta1").components;
    const pool = schemas["io.metallb.v1beta1.IPAddressPool"]!;
    const properties = pool["properties"] as Json;
    expect(properties["spec"]).toEqual((POOL.schema!["properties"] as Json)["spec"]);
    expect(properties["metadata"]).toMatchObject({
      allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }],
    });
  });
});

describe("v2", () => {
  interface Named {
    readonly name: string;
    readonly value: Json;
  }
  function definitionsOf(bytes: Uint8Array): ReadonlyMap<string, Json> {
    const decoded = GnosticDocument.toObject(GnosticDocument.decode(bytes)) as typeof document;
    return new Map(decoded.definitions.additionalProperties.map(({ name, value }) => [name, value]));
  }

  function membersOf(schema: Json): ReadonlyMap<string, Json> {
    const properties = schema["properties"] as { additionalProperties: Named[] } | undefined;
    return new Map((properties?.additionalProperties ?? []).map(({ name, value }) => [name, value]));
  }

  const bytes = openApiV2Document(RESOURCES);
  const document = GnosticDocument.toObject(GnosticDocument.decode(bytes)) as {
    paths: { path: Named[] };
    definitions: { additionalProperties: Named[] };
  };
  const definitions = definitionsOf(bytes);

  function extensions(message: Json): Record<string, unknown> {
    const list = (message["vendorExtension"] ?? []) as { name: string; value: { yaml: string } }[];
    return Object.fromEntries(list.map(({ name, value }) => [name, JSON.parse(value.yaml) as unknown]));
  }

  test("every reference is defined", () => {
    const missing = collect(document, "Ref").filter(
      (reference) => !definitions.has(String(reference).replace("#/definitions/", "")),
    );
    expect(missing).toEqual([]);
    expect(definitions.size).toBeGreaterThan(200);
  });

  test("kubectl 1.20's parser takes every schema: one type, one kind of items, no type beside a reference", () => {
    const problems: string[] = [];
    const visit = (schema: Json, path: string): void => {
      const types = ((schema["type"] as Json | undefined)?.["value"] ?? []) as string[];
      const items = ((schema["items"] as Json | undefined)?.["schema"] ?? []) as Json[];
      const members = ((schema["properties"] as Json | undefined)?.["additionalProperties"] ?? []) as Named[];
      if (types.length > 1) problems.push(`${path}: several types`);
      if (types[0] === "array" && items.length !== 1) problems.push(`${path}: no items`);
      if (schema["Ref"] !== undefined && types.length + members.length > 0)
        problems.push(`${path}: more than a reference`);
      items.forEach((item) => visit(item, `${path}[]`));
      members.forEach(({ name, value }) => visit(value, `${path}.${name}`));
    };
    for (const [name, schema] of definitions) visit(schema, name);
    expect(problems).toEqual([]);
  });

  test("kinds are found by their extension, dry runs by the patch operation's", () => {
    expect(extensions(definitions.get("io.k8s.api.core.v1.Service")!)["x-kubernetes-group-version-kind"]).toEqual([
      SERVICE_GVK,
    ]);
    const patches = document.paths.path.map(({ value }) => value["patch"]).filter(isRecord);
    const patch = patches.find(
      (operation) =>
        JSON.stringify(extensions(operation)["x-kubernetes-group-version-kind"]) === JSON.stringify(SERVICE_GVK),
    )!;
    expect(collect(patch, "name")).toEqual(expect.arrayContaining(["dryRun", "fieldValidation"]));
  });

  test("what v2 can't say is open", () => {
    const schema = {
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            port: { "x-kubernetes-int-or-string": true },
            nothing: { type: "string", nullable: true, description: "d" },
            free: {
              type: "object",
              "x-kubernetes-preserve-unknown-fields": true,
              properties: { a: { type: "string" } },
            },
            list: { type: "array", items: { oneOf: [{ type: "string" }], type: "string" } },
          },
        },
      },
    };
    const pool = definitionsOf(openApiV2Document([{ ...POOL, schema }])).get("io.metallb.v1beta1.IPAddressPool")!;
    const spec = membersOf(membersOf(pool).get("spec")!);
    expect(spec.get("port")).toEqual({});
    expect(spec.get("nothing")).toEqual({ description: "d" });
    expect(membersOf(spec.get("free")!).size).toBe(0);
    expect(spec.get("list")).toEqual({
      type: { value: ["array"] },
      items: { schema: [{ type: { value: ["string"] } }] },
    });
  });
});
