import protobuf from "protobufjs/light.js";

/**
 * The part of gnostic's OpenAPI v2 protobuf schema (package openapi.v2) that a Kubernetes client reads. Names and
 * numbers are facts of the format; oneofs are written as plain fields, which is the same on the wire.
 */
const MESSAGES: Readonly<Record<string, Readonly<Record<string, readonly [number, string]>>>> = {
  Document: { swagger: [1, "string"], info: [2, "Info"], paths: [8, "Paths"], definitions: [9, "Definitions"] },
  Info: { title: [1, "string"], version: [2, "string"] },
  Paths: { path: [2, "repeated NamedPathItem"] },
  NamedPathItem: { name: [1, "string"], value: [2, "PathItem"] },
  PathItem: {
    get: [2, "Operation"],
    put: [3, "Operation"],
    post: [4, "Operation"],
    delete: [5, "Operation"],
    patch: [8, "Operation"],
  },
  Operation: {
    consumes: [7, "repeated string"],
    parameters: [8, "repeated ParametersItem"],
    responses: [9, "Responses"],
    vendorExtension: [13, "repeated NamedAny"],
  },
  ParametersItem: { parameter: [1, "Parameter"] },
  Parameter: { nonBodyParameter: [2, "NonBodyParameter"] },
  NonBodyParameter: { queryParameterSubSchema: [3, "QueryParameterSubSchema"] },
  QueryParameterSubSchema: { in: [2, "string"], name: [4, "string"], type: [6, "string"] },
  Responses: { responseCode: [1, "repeated NamedResponseValue"] },
  NamedResponseValue: { name: [1, "string"], value: [2, "ResponseValue"] },
  ResponseValue: { response: [1, "Response"] },
  Response: { description: [1, "string"] },
  Definitions: { additionalProperties: [1, "repeated NamedSchema"] },
  NamedSchema: { name: [1, "string"], value: [2, "Schema"] },
  Schema: {
    Ref: [1, "string"],
    format: [2, "string"],
    description: [4, "string"],
    default: [5, "Any"],
    maximum: [7, "double"],
    minimum: [9, "double"],
    pattern: [13, "string"],
    required: [19, "repeated string"],
    enum: [20, "repeated Any"],
    additionalProperties: [21, "AdditionalPropertiesItem"],
    type: [22, "TypeItem"],
    items: [23, "ItemsItem"],
    properties: [25, "Properties"],
    vendorExtension: [31, "repeated NamedAny"],
  },
  TypeItem: { value: [1, "repeated string"] },
  ItemsItem: { schema: [1, "repeated Schema"] },
  Properties: { additionalProperties: [1, "repeated NamedSchema"] },
  AdditionalPropertiesItem: { schema: [1, "Schema"], boolean: [2, "bool"] },
  NamedAny: { name: [1, "string"], value: [2, "Any"] },
  Any: { yaml: [2, "string"] },
};

function descriptor(): protobuf.INamespace {
  const nested = Object.entries(MESSAGES).map(([message, fields]) => {
    const described = Object.entries(fields).map(([name, [id, type]]) => {
      const repeated = type.startsWith("repeated ");
      return [name, { id, type: type.replace("repeated ", ""), ...(repeated ? { rule: "repeated" } : {}) }];
    });
    return [message, { fields: Object.fromEntries(described) as Record<string, protobuf.IField> }];
  });
  return { nested: Object.fromEntries(nested) as Record<string, protobuf.IType> };
}

/** openapi.v2.Document */
export const GnosticDocument: protobuf.Type = protobuf.Root.fromJSON(descriptor()).lookupType("Document");
