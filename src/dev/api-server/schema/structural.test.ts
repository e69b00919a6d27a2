import fc from "fast-check";
import { describe, expect, test } from "vitest";
import reference from "../../../../test/golden/api-server/reference-crd-schemas.json" with { type: "json" };
import { coreSchema } from "./core-schemas.ts";
import { applyDefaults } from "./defaults.ts";
import { prune } from "./prune.ts";
import type { StructuralSchema } from "./structural.ts";
import { validateStructural } from "./validate.ts";

const CRDS = reference as unknown as Readonly<Record<string, StructuralSchema>>;
const POOL = CRDS["ipaddresspools.metallb.io/v1beta1"]!;
const SERVICE = coreSchema("v1", "Service")!;

function object(spec: unknown, kind = "IPAddressPool"): Record<string, unknown> {
  return { apiVersion: "metallb.io/v1beta1", kind, metadata: { name: "p" }, spec };
}

/** A schema whose `spec` has one field `a`. */
function withField(field: StructuralSchema): StructuralSchema {
  return { type: "object", properties: { spec: { type: "object", properties: { a: field } } } };
}

function errorsOf(field: StructuralSchema, value: unknown, old?: unknown): string[] {
  const before = old === undefined ? undefined : object({ a: old });
  return validateStructural(withField(field), object({ a: value }), before).map((e) => `${e.field}: ${e.message}`);
}

describe("prune", () => {
  test.each([
    { name: "unknown spec field", spec: { addresses: [], bogus: 1 }, unknown: ["spec.bogus"] },
    {
      name: "in items",
      spec: { addresses: [], serviceAllocation: { namespaceSelectors: [{ x: 1 }] } },
      unknown: ["spec.serviceAllocation.namespaceSelectors[0].x"],
    },
    { name: "nothing", spec: { addresses: ["10.0.0.0/8", "fd00::/64"] }, unknown: [] },
    {
      name: "map keys are free",
      spec: { serviceAllocation: { namespaceSelectors: [{ matchLabels: { any: "v" } }] } },
      unknown: [],
    },
  ])("custom resource, $name", ({ spec, unknown }) => {
    expect(prune(POOL, object(spec))).toEqual(unknown);
  });

  test("core fields in the order of the document, as a real server lists them", () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "a", labels: { any: "thing" }, wrong: 1 },
      spec: { ports: [{ port: 80, foo: 1 }], bar: 1 },
    };
    expect(prune(SERVICE, service)).toEqual(["metadata.wrong", "spec.ports[0].foo", "spec.bar"]);
    expect(service.spec).toEqual({ ports: [{ port: 80 }] });
  });

  test("preserved objects keep everything, but known fields inside are pruned", () => {
    const schema = withField({
      "x-kubernetes-preserve-unknown-fields": true,
      type: "object",
      properties: { known: { type: "object" } },
    });
    expect(prune(schema, object({ a: { other: 1, known: { x: 1 } } }))).toEqual(["spec.a.known.x"]);
  });

  test("an embedded resource keeps its type and metadata", () => {
    const schema = withField({ "x-kubernetes-embedded-resource": true, type: "object" });
    const value = object({ a: { apiVersion: "v1", kind: "X", metadata: { name: "n" }, spec: {} } });
    expect(prune(schema, value)).toEqual(["spec.a.spec"]);
  });

  test("a schema that contains itself ends where the object ends", () => {
    const crd = { spec: { versions: [{ schema: { openAPIV3Schema: { properties: { a: { typo: 1 } } } } }] } };
    expect(prune(coreSchema("apiextensions.k8s.io/v1", "CustomResourceDefinition")!, crd)).toEqual([
      "spec.versions[0].schema.openAPIV3Schema.properties.a.typo",
    ]);
  });

  test("an object nested deeper than any real one is cut", () => {
    let value: object = {};
    for (let depth = 0; depth < 5_000; depth++) value = { not: value };
    const crd = { spec: { versions: [{ schema: { openAPIV3Schema: value } }] } };
    expect(prune(coreSchema("apiextensions.k8s.io/v1", "CustomResourceDefinition")!, crd)).toHaveLength(1);
  });

  test("pruning twice is pruning once, and what is left is part of what was there", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("addresses", "autoAssign", "x"), fc.jsonValue()), (spec) => {
        const value = object(spec);
        const before = structuredClone(value);
        prune(POOL, value);
        expect(prune(POOL, structuredClone(value))).toEqual([]);
        expect(before).toMatchObject(value);
      }),
    );
  });
});

describe("defaults", () => {
  test("golden: IPAddressPool", () => {
    const pool = object({ addresses: ["1.2.3.0/24"] });
    applyDefaults(POOL, pool);
    expect(pool["spec"]).toEqual({ addresses: ["1.2.3.0/24"], autoAssign: true, avoidBuggyIPs: false });
  });

  test.each([
    { name: "null takes the default", field: { type: "string", default: "d" }, value: null, want: { a: "d" } },
    { name: "null without default goes", field: { type: "string" }, value: null, want: {} },
    {
      name: "nullable null stays",
      field: { type: "string", nullable: true, default: "d" },
      value: null,
      want: { a: null },
    },
    { name: "a value stays", field: { type: "string", default: "d" }, value: "", want: { a: "" } },
    {
      name: "a default brings nested ones to life",
      field: { type: "object", default: {}, properties: { b: { type: "integer", default: 1 } } },
      value: undefined,
      want: { a: { b: 1 } },
    },
  ])("$name", ({ field, value, want }) => {
    const target = object(value === undefined ? {} : { a: value });
    applyDefaults(withField(field), target);
    expect(target["spec"]).toEqual(want);
  });

  test("absent parents stay absent, and the default is never shared", () => {
    const field: StructuralSchema = { type: "array", default: [], items: { type: "string" } };
    const [one, two] = [object({}), object({})];
    applyDefaults(withField(field), one);
    applyDefaults(withField(field), two);
    (one["spec"] as { a: string[] }).a.push("x");
    expect(two["spec"]).toEqual({ a: [] });
    const empty = { kind: "X" };
    applyDefaults(withField(field), empty);
    expect(empty).toEqual({ kind: "X" });
  });

  test("defaulting twice is defaulting once, for every reference CRD", () => {
    for (const schema of Object.values(CRDS)) {
      fc.assert(
        fc.property(
          fc.dictionary(
            fc.constantFrom(...Object.keys(schema.properties!["spec"]?.properties ?? { a: 0 })),
            fc.jsonValue(),
          ),
          (spec) => {
            const once = object(spec);
            applyDefaults(schema, once);
            const twice = structuredClone(once);
            applyDefaults(schema, twice);
            expect(twice).toEqual(once);
          },
        ),
        { numRuns: 20 },
      );
    }
  });
});

describe("validate", () => {
  test("golden: wrong types", () => {
    expect(validateStructural(POOL, object({ addresses: "x", autoAssign: 5 }))).toEqual([
      {
        reason: "FieldValueTypeInvalid",
        message: `Invalid value: "string": spec.addresses in body must be of type array: "string"`,
        field: "spec.addresses",
      },
      {
        reason: "FieldValueTypeInvalid",
        message: `Invalid value: "integer": spec.autoAssign in body must be of type boolean: "integer"`,
        field: "spec.autoAssign",
      },
    ]);
  });

  test("golden: missing required field", () => {
    expect(validateStructural(POOL, object({}))).toEqual([
      { reason: "FieldValueRequired", message: "Required value", field: "spec.addresses" },
    ]);
  });

  const string = { type: "string" };
  const integer = { type: "integer" };
  test.each<[string, StructuralSchema, unknown, string[]]>([
    ["enum", { ...string, enum: ["a", "b"] }, "x", [`spec.a: Unsupported value: "x": supported values: "a", "b"`]],
    [
      "minimum",
      { ...integer, minimum: 1 },
      0,
      ["spec.a: Invalid value: 0: spec.a in body should be greater than or equal to 1"],
    ],
    [
      "maximum",
      { ...integer, maximum: 3 },
      4,
      ["spec.a: Invalid value: 4: spec.a in body should be less than or equal to 3"],
    ],
    [
      "exclusive maximum",
      { ...integer, maximum: 3, exclusiveMaximum: true },
      3,
      ["spec.a: Invalid value: 3: spec.a in body should be less than 3"],
    ],
    [
      "multipleOf",
      { ...integer, multipleOf: 5 },
      7,
      ["spec.a: Invalid value: 7: spec.a in body should be a multiple of 5"],
    ],
    ["pattern", { ...string, pattern: "^b" }, "ab", [`spec.a: Invalid value: "ab": spec.a in body should match '^b'`]],
    ["pattern flag", { ...string, pattern: "(?i)^AB$" }, "ab", []],
    ["maxLength", { ...string, maxLength: 3 }, "abcd", ["spec.a: Too long: may not be more than 3 bytes"]],
    [
      "minLength",
      { ...string, minLength: 3 },
      "äö",
      [`spec.a: Invalid value: "äö": spec.a in body should be at least 3 chars long`],
    ],
    [
      "minItems",
      { type: "array", minItems: 1, items: string },
      [],
      ["spec.a: Invalid value: 0: spec.a in body should have at least 1 items"],
    ],
    [
      "maxItems",
      { type: "array", maxItems: 1, items: string },
      ["a", "b"],
      ["spec.a: Too many: 2: must have at most 1 item"],
    ],
    [
      "items",
      { type: "array", items: string },
      ["a", 1],
      [`spec.a[1]: Invalid value: "integer": spec.a[1] in body must be of type string: "integer"`],
    ],
    ["fraction", integer, 1.5, [`spec.a: Invalid value: "number": spec.a in body must be of type integer: "number"`]],
    ["whole number", { type: "number" }, 1, []],
    [
      "int32 range",
      { ...integer, format: "int32" },
      2 ** 31,
      [`<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.a`],
    ],
    [
      "date-time",
      { ...string, format: "date-time" },
      "tomorrow",
      [`spec.a: Invalid value: "tomorrow": spec.a in body must be of type date-time: "tomorrow"`],
    ],
    [
      "ipv4",
      { ...string, format: "ipv4" },
      "1.2.3",
      [`spec.a: Invalid value: "1.2.3": spec.a in body must be of type ipv4: "1.2.3"`],
    ],
    ["ipv6", { ...string, format: "ipv6" }, "fd00::1", []],
    [
      "cidr v4",
      { ...string, format: "cidr" },
      "10.0.0.0/33",
      [`spec.a: Invalid value: "10.0.0.0/33": spec.a in body must be of type cidr: "10.0.0.0/33"`],
    ],
    ["cidr v6", { ...string, format: "cidr" }, "fd00::/64", []],
    [
      "int or string",
      { "x-kubernetes-int-or-string": true },
      true,
      [`spec.a: Invalid value: "boolean": spec.a in body must be of type integer,string: "boolean"`],
    ],
    [
      "set",
      { type: "array", items: string, "x-kubernetes-list-type": "set" },
      ["a", "b", "a"],
      [`spec.a[2]: Duplicate value: "a"`],
    ],
    [
      "map keys",
      {
        type: "array",
        items: { type: "object", properties: { n: string, p: { type: "string", default: "TCP" } } },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["n", "p"],
      },
      [{ n: "x" }, { n: "x", p: "UDP" }, { n: "x", p: "TCP" }],
      [`spec.a[2]: Duplicate value: {"n":"x","p":"TCP"}`],
    ],
    [
      "oneOf",
      { oneOf: [string, integer] },
      true,
      [`<nil>: Invalid value: "": "spec.a" must validate one and only one schema (oneOf). Found none valid`],
    ],
    ["anyOf", { anyOf: [string, integer] }, 1, []],
    [
      "not",
      { type: "string", not: { enum: ["x"] } },
      "x",
      [`<nil>: Invalid value: "": "spec.a" must not validate the schema (not)`],
    ],
    ["null", string, null, [`spec.a: Invalid value: "null": spec.a in body must be of type string: "null"`]],
    ["nullable", { ...string, nullable: true }, null, []],
  ])("%s", (_name, field, value, want) => {
    expect(errorsOf(field, value)).toEqual(want);
  });

  test("validation of anything gives errors, never an exception", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(CRDS)), fc.jsonValue(), (schema, spec) => {
        expect(Array.isArray(validateStructural(schema, object(spec)))).toBe(true);
      }),
    );
  });
});
