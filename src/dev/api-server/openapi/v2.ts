import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import type { ServedResource } from "../resources.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import type { Dialect } from "./definitions.ts";
import { definitions, gvkOf } from "./definitions.ts";
import { GnosticDocument } from "./gnostic.ts";
import type { Operation } from "./operations.ts";
import { resourcePaths } from "./operations.ts";

const DIALECT: Dialect = {
  prefix: "#/definitions/",
  refer: (reference, beside) => ({ ...beside, ...reference }),
  intOrString: { type: "string", format: "int-or-string" },
  quantity: { type: "string" },
  custom: (schema) => customV2(schema),
};

/** Keywords of v3 schemas that v2 has too. */
const KEPT = ["type", "format", "description", "default", "maximum", "minimum", "pattern", "required", "enum"] as const;

/**
 * A structural schema in v2, which can say less. What may be null, or a number or a string, becomes a schema that
 * takes anything: an old client must not refuse what the server accepts.
 */
function customV2(schema: StructuralSchema): Json {
  const { description } = schema;
  if (schema.nullable === true || schema["x-kubernetes-int-or-string"] === true || schema.type === undefined) {
    return description === undefined ? {} : { description };
  }
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const { items, properties, additionalProperties } = schema;
  const v2: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if ((KEPT as readonly string[]).includes(key) || key.startsWith("x-kubernetes-")) v2[key] = value;
  }
  if (items !== undefined) v2["items"] = customV2(items);
  if (typeof additionalProperties === "object") v2["additionalProperties"] = customV2(additionalProperties);
  if (properties !== undefined && !open) {
    v2["properties"] = Object.fromEntries(Object.entries(properties).map(([key, member]) => [key, customV2(member)]));
  }
  return v2;
}

/**
 * `/openapi/v2` as `application/com.github.proto-openapi.spec.v2.v1.0+protobuf`, for kubectl before 1.27 and for what
 * newer ones still ask it. Costs tens of milliseconds: callers keep it as long as the resources stay the same.
 */
export function openApiV2Document(resources: readonly ServedResource[]): Uint8Array {
  const named = Object.entries(definitions(resources, DIALECT));
  const paths = resources.flatMap((resource) =>
    resourcePaths(resource).map(({ path, operations }) => ({
      name: path,
      value: Object.fromEntries(operations.map((o) => [o.method, operationMessage(resource, o)])),
    })),
  );
  const document = {
    swagger: "2.0",
    info: { title: "Kubernetes", version: "v1.36.2" },
    paths: { path: paths },
    definitions: { additionalProperties: named.map(([name, schema]) => ({ name, value: schemaMessage(schema) })) },
  };
  return GnosticDocument.encode(document).finish();
}

function operationMessage(resource: ServedResource, { action, parameters }: Operation): Json {
  const ok = { name: "200", value: { response: { description: "OK" } } };
  return {
    consumes: ["*/*"],
    parameters: parameters.map((name) => ({
      parameter: { nonBodyParameter: { queryParameterSubSchema: { in: "query", name, type: "string" } } },
    })),
    responses: { responseCode: [ok] },
    vendorExtension: [
      extension("x-kubernetes-action", action),
      extension("x-kubernetes-group-version-kind", gvkOf(resource)),
    ],
  };
}

/** JSON is YAML, which is what the format carries. */
function any(value: unknown): Json {
  return { yaml: `${JSON.stringify(value)}\n` };
}

function extension(name: string, value: unknown): Json {
  return { name, value: any(value) };
}

const COPIED = ["format", "description", "maximum", "minimum", "pattern", "required"] as const;

function schemaMessage(schema: Json): Json {
  const { type, items, properties, additionalProperties } = schema;
  const message: Json = Object.fromEntries(
    COPIED.filter((key) => schema[key] !== undefined).map((key) => [key, schema[key]]),
  );
  if (schema["$ref"] !== undefined) message["Ref"] = schema["$ref"];
  if (schema["default"] !== undefined) message["default"] = any(schema["default"]);
  if (Array.isArray(schema["enum"])) message["enum"] = schema["enum"].map(any);
  if (type !== undefined) message["type"] = { value: [type] };
  if (type === "array") message["items"] = { schema: [schemaMessage(isRecord(items) ? items : {})] };
  if (isRecord(properties)) message["properties"] = { additionalProperties: namedSchemas(properties) };
  if (isRecord(additionalProperties)) message["additionalProperties"] = { schema: schemaMessage(additionalProperties) };
  const extensions = Object.entries(schema).filter(([key]) => key.startsWith("x-"));
  message["vendorExtension"] = extensions.map(([key, value]) => extension(key, value));
  return message;
}

function namedSchemas(properties: Json): Json[] {
  return Object.entries(properties).map(([name, schema]) => ({ name, value: schemaMessage(schema as Json) }));
}
