import { describe, expect, test } from "vitest";
import reference from "../../../../test/golden/api-server/reference-crd-schemas.json" with { type: "json" };
import type { StructuralSchema, ValidationRule } from "./structural.ts";
import { validateStructural } from "./validate.ts";

const CRDS = reference as unknown as Readonly<Record<string, StructuralSchema>>;

function ruled(field: StructuralSchema, ...rules: readonly ValidationRule[]): StructuralSchema {
  const a: StructuralSchema = { ...field, "x-kubernetes-validations": rules };
  return { type: "object", properties: { spec: { type: "object", properties: { a } } } };
}

function check(schema: StructuralSchema, spec: unknown, old?: unknown): string[] {
  const errors = validateStructural(schema, { spec }, old === undefined ? undefined : { spec: old });
  return errors.map((error) => `${error.field}: ${error.message}`);
}

const PEER = CRDS["bgppeers.metallb.io/v1beta2"]!;
const BGP = CRDS["bgpadvertisements.metallb.io/v1beta1"]!;
const peer = { myASN: 64512, peerASN: 64513, peerAddress: "10.0.0.1" };

describe("the reference's rules", () => {
  test.each([
    ["seconds", "90s", []],
    ["65535 s", "65535s", []],
    [
      "golden: fraction of a second",
      "1500ms",
      [`spec.connectTime: Invalid value: "1500ms": failed rule: duration(self).getMilliseconds() % 1000 == 0`],
    ],
    [
      "too long",
      "65536s",
      [
        `spec.connectTime: Invalid value: "65536s": failed rule: duration(self).getSeconds() >= 1 && duration(self).getSeconds() <= 65535`,
      ],
    ],
  ])("BGPPeer connectTime: %s", (_name, connectTime, want) => {
    expect(check(PEER, { ...peer, connectTime })).toEqual(want);
  });

  test("BGPPeer connectTime that is no duration names the rule", () => {
    const errors = check(PEER, { ...peer, connectTime: "soon" });
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain("evaluating rule: duration(self).getSeconds()");
  });

  test.each([
    ["unset to set", {}, { dynamicASN: "external" }, 0],
    ["same", { dynamicASN: "external" }, { dynamicASN: "external" }, 0],
    ["unset to true is allowed, as the real server does", {}, { enableGracefulRestart: true }, 0],
    ["true to false", { enableGracefulRestart: true }, { enableGracefulRestart: false }, 1],
  ])("BGPPeer immutable field, %s", (_name, before, after, failures) => {
    const old = { ...peer, ...before };
    expect(check(PEER, { ...peer, ...after }, old).filter((e) => e.includes("self == oldSelf"))).toHaveLength(failures);
  });

  test.each([
    ["no selectors", { aggregationLength: 24 }, 0],
    ["selectors with defaults", { serviceSelectors: [{}], aggregationLength: 32, aggregationLengthV6: 128 }, 0],
    ["selectors with v4 aggregation", { serviceSelectors: [{}], aggregationLength: 24, aggregationLengthV6: 128 }, 1],
    ["selectors with v6 aggregation", { serviceSelectors: [{}], aggregationLength: 32, aggregationLengthV6: 64 }, 1],
    ["empty selectors", { serviceSelectors: [], aggregationLength: 24 }, 0],
  ])("BGPAdvertisement, %s", (_name, spec, failures) => {
    const errors = check(BGP, spec);
    expect(errors).toHaveLength(failures);
    for (const error of errors) expect(error).toMatch(/^spec: Invalid value: failed rule: /);
  });

  test.each(["servicel2statuses.metallb.io/v1beta1", "servicebgpstatuses.metallb.io/v1beta1"])("%s", (name) => {
    const status = { node: "n1", serviceName: "s", serviceNamespace: "d" };
    const validate = (value: object, old?: object): number =>
      validateStructural(CRDS[name]!, { status: value }, old === undefined ? undefined : { status: old }).length;
    expect(validate(status)).toBe(0);
    expect(validate(status, status)).toBe(0);
    expect(validate({ ...status, node: "n2", serviceName: "t" }, status)).toBe(2);
  });
});

describe("rules", () => {
  const string: StructuralSchema = { type: "string" };
  const integer: StructuralSchema = { type: "integer" };

  test.each<[string, StructuralSchema, ValidationRule, unknown, string[]]>([
    ["holds", integer, { rule: "self > 1" }, 2, []],
    ["message", integer, { rule: "self > 1", message: " too few " }, 1, ["spec.a: Invalid value: 1: too few"]],
    [
      "message expression",
      integer,
      { rule: "self > 1", message: "m", messageExpression: "'got ' + string(self)" },
      1,
      ["spec.a: Invalid value: 1: got 1"],
    ],
    [
      "failing message expression",
      integer,
      { rule: "self > 1", message: "m", messageExpression: "self.x" },
      1,
      ["spec.a: Invalid value: 1: m"],
    ],
    [
      "required",
      string,
      { rule: "false", reason: "FieldValueRequired", message: "m" },
      "",
      ["spec.a: Required value: m"],
    ],
    ["forbidden", string, { rule: "false", reason: "FieldValueForbidden", message: "m" }, "", ["spec.a: Forbidden: m"]],
    [
      "duplicate",
      string,
      { rule: "false", reason: "FieldValueDuplicate", message: "m" },
      "x",
      [`spec.a: Duplicate value: "x"`],
    ],
    [
      "field path",
      { type: "object", properties: { b: string } },
      { rule: "false", fieldPath: ".b", message: "m" },
      { b: "x" },
      ["spec.a.b: Invalid value: m"],
    ],
    [
      "int or string",
      { "x-kubernetes-int-or-string": true },
      { rule: "type(self) == int ? self > 0 : self.endsWith('%')" },
      "5%",
      [],
    ],
    [
      "reserved names",
      { type: "object", properties: { if: integer, "a-b": integer } },
      { rule: "self.__if__ == self.a__dash__b" },
      { if: 1, "a-b": 1 },
      [],
    ],
    [
      "map keys",
      { type: "object", additionalProperties: integer },
      { rule: "self.all(k, self[k] > 0) && 'a-b' in self" },
      { "a-b": 1 },
      [],
    ],
    [
      "date-time",
      { type: "string", format: "date-time" },
      { rule: "self > timestamp('2020-01-01T00:00:00Z')" },
      "2021-01-01T00:00:00Z",
      [],
    ],
    ["duration", { type: "string", format: "duration" }, { rule: "self.getSeconds() == 90" }, "1m30s", []],
    ["isIP v4", string, { rule: "isIP(self)" }, "10.0.0.1", []],
    ["isIP v6", string, { rule: "isIP(self)" }, "fd00::1", []],
    ["isCIDR", string, { rule: "!isCIDR(self)" }, "fd00::/129", []],
    ["replace and find", string, { rule: "self.replace('a', 'b') == 'bbc' && self.find('b.') == 'bc'" }, "abc", []],
    [
      "list functions",
      { type: "array", items: integer },
      { rule: "self.isSorted() && self.sum() == 6 && self.max() == 3 && self.min() == 1 && self.indexOf(2) == 1" },
      [1, 2, 3],
      [],
    ],
    ["optional old value, none", string, { rule: "!oldSelf.hasValue()", optionalOldSelf: true }, "x", []],
  ])("%s", (_name, field, rule, value, want) => {
    expect(check(ruled(field, rule), { a: value })).toEqual(want);
  });

  test("optional old value, some", () => {
    const schema = ruled(string, { rule: "oldSelf.orValue('') == 'x'", optionalOldSelf: true, message: "m" });
    expect(check(schema, { a: "y" }, { a: "x" })).toEqual([]);
    expect(check(schema, { a: "y" }, { a: "z" })).toEqual([`spec.a: Invalid value: "y": m`]);
  });

  test("items of a list-type map meet their former selves, others meet nothing", () => {
    const items: StructuralSchema = {
      type: "object",
      properties: { n: string, v: integer },
      "x-kubernetes-validations": [{ rule: "self.v >= oldSelf.v", message: "may not shrink" }],
    };
    const keyed: StructuralSchema = {
      type: "array",
      items,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["n"],
    };
    const old = {
      a: [
        { n: "x", v: 2 },
        { n: "y", v: 2 },
      ],
    };
    const spec = {
      a: [
        { n: "y", v: 1 },
        { n: "z", v: 0 },
      ],
    };
    expect(check(ruled(keyed), spec, old)).toEqual(["spec.a[0]: Invalid value: may not shrink"]);
    expect(check(ruled({ type: "array", items }), spec, old)).toEqual([]);
  });

  test("rules do not run over what is structurally wrong", () => {
    expect(check(ruled(integer, { rule: "self > 1" }), { a: "x" })).toEqual([
      `spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"`,
      "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
    ]);
  });

  test("a huge value ends the run with one error", () => {
    const items: StructuralSchema = { ...integer, "x-kubernetes-validations": [{ rule: "self >= 0" }] };
    const errors = check(ruled({ type: "array", items }), { a: Array.from({ length: 20_000 }, () => 0) });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("running out of cost budget");
  });
});
