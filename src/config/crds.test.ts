import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { customResourceDefinitions } from "./crds.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const REFERENCE = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../test/golden/crds/reference-crds.json"), "utf8"),
) as Record<string, Record<string, Json>>;

const ALL = customResourceDefinitions();

/** Kinds that the reference doesn't have. */
const OURS: readonly string[] = ["bgpsessionstates.metallb.io"];

const GENERATED = ALL.filter((crd) => !OURS.includes(crd.metadata.name));

/** Differences from the reference that we want; anything else fails the comparison. */
const INTENDED: readonly string[] = [
  ...added("l2advertisements", 0, ['gratuitousInterval.type = "string"']),
  ...added("bgpadvertisements", 0, [
    'med.type = "integer"',
    'med.format = "int64"',
    "med.minimum = 0",
    "med.maximum = 4294967295",
    'asPathPrepend.type = "integer"',
    'asPathPrepend.format = "int32"',
    "asPathPrepend.minimum = 0",
    "asPathPrepend.maximum = 16",
    'extendedCommunities.type = "array"',
    'extendedCommunities.items.type = "string"',
    'ipFamilies.type = "array"',
    'ipFamilies.items.type = "string"',
    'ipFamilies.items.enum[0] = "IPv4"',
    'ipFamilies.items.enum[1] = "IPv6"',
    'weightByEndpoints.type = "boolean"',
  ]),
  ...added("bgppeers", 1, [
    'passive.type = "boolean"',
    'ttlSecurity.type = "boolean"',
    'maximumPrefixes.type = "integer"',
    'maximumPrefixes.format = "int32"',
    "maximumPrefixes.minimum = 1",
  ]),
];

/** Optional fields of a version's spec that the reference ignores. */
function added(plural: string, version: number, fields: readonly string[]): readonly string[] {
  const spec = `${plural}.metallb.io.versions[${version}].schema.openAPIV3Schema.properties.spec.properties`;
  return fields.map((field) => `added: ${spec}.${field}`);
}

const CRD_KEYS = ["group", "names", "scope", "versions"];

/** Every leaf as `path = value`. Texts are ours and are not compared; `required` has no order. */
function leaves(value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    const items = path.endsWith(".required") ? [...(value as string[])].sort() : value;
    return items.flatMap((item, i) => leaves(item, `${path}[${i}]`));
  }
  if (typeof value !== "object" || value === null) return [`${path} = ${JSON.stringify(value)}`];
  const entries = Object.entries(value).filter(([key, child]) => !isText(path, key, child));
  if (entries.length === 0) return [`${path} = {}`];
  return entries.flatMap(([key, child]) => leaves(child, `${path}.${key}`));
}

function isText(path: string, key: string, value: unknown): boolean {
  if (typeof value !== "string") return false;
  return key === "description" || key === "deprecationWarning" || (key === "message" && path.includes("validations"));
}

function differences(name: string, spec: unknown): readonly string[] {
  const ours = new Set(leaves(spec, name));
  const theirs = new Set(CRD_KEYS.flatMap((key) => leaves(REFERENCE[name]![key], `${name}.${key}`)));
  return [
    ...[...theirs].filter((leaf) => !ours.has(leaf)).map((leaf) => `missing: ${leaf}`),
    ...[...ours].filter((leaf) => !theirs.has(leaf)).map((leaf) => `added: ${leaf}`),
  ];
}

/** A copy in which the first `key`, of any depth, has another value, or is not there; and whether there was one. */
function changeFirst(value: Json, key: string, to: string | undefined): [Json, boolean] {
  if (typeof value !== "object" || value === null) return [value, false];
  if (!Array.isArray(value) && key in value) {
    const { [key]: _, ...rest } = value;
    return [to === undefined ? rest : { ...rest, [key]: to }, true];
  }
  const copy = structuredClone(value) as Record<string, Json>;
  for (const [name, child] of Object.entries(value)) {
    const [changed, found] = changeFirst(child, key, to);
    if (!found) continue;
    copy[name] = changed;
    return [copy, true];
  }
  return [value, false];
}

describe("generated CRDs", () => {
  test("there is one for each kind of the reference", () => {
    expect(GENERATED.map((crd) => crd.metadata.name)).toEqual(Object.keys(REFERENCE));
    expect(GENERATED).toHaveLength(9);
    expect(ALL).toHaveLength(GENERATED.length + OURS.length);
  });

  test("every intended difference is there", () => {
    const found = new Set(GENERATED.flatMap((crd) => differences(crd.metadata.name, crd.spec)));
    expect(INTENDED.filter((difference) => !found.has(difference))).toEqual([]);
  });

  test.each(GENERATED.map((crd) => [crd.metadata.name, crd] as const))("%s has the reference's fields", (name, crd) => {
    expect(differences(name, crd.spec).filter((difference) => !INTENDED.includes(difference))).toEqual([]);
  });

  /** Everything that a CRD says about its fields, so that none of it can be forgotten in the comparison. */
  test.each([
    "additionalPrinterColumns",
    "additionalProperties",
    "default",
    "deprecated",
    "enum",
    "format",
    "items",
    "jsonPath",
    "maximum",
    "maxLength",
    "minimum",
    "minItems",
    "minLength",
    "pattern",
    "priority",
    "required",
    "rule",
    "storage",
    "subresources",
    "type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
  ])("a wrong or a missing %s would be found", (key) => {
    const holders = GENERATED.filter(({ spec }) => JSON.stringify(spec).includes(`"${key}":`));
    expect(holders).not.toEqual([]);
    for (const { metadata, spec } of holders) {
      expect(differences(metadata.name, changeFirst(spec as unknown as Json, key, "wrong")[0])).not.toEqual([]);
      expect(differences(metadata.name, changeFirst(spec as unknown as Json, key, undefined)[0])).not.toEqual([]);
    }
  });

  test("every field below spec and status is described, and every CEL rule has a message", () => {
    const bare: string[] = [];
    const walk = (schema: Record<string, Json>, path: string): void => {
      for (const [field, child] of Object.entries(
        (schema["properties"] ?? {}) as Record<string, Record<string, Json>>,
      )) {
        if (child["description"] === undefined && field !== "metadata") bare.push(`${path}.${field}`);
        walk(child, `${path}.${field}`);
      }
      if (schema["items"] !== undefined) walk(schema["items"] as Record<string, Json>, `${path}[]`);
      for (const rule of (schema["x-kubernetes-validations"] ?? []) as { message?: string }[])
        if (rule.message === undefined) bare.push(`${path}: a rule`);
    };
    expect(ALL).toHaveLength(10);
    for (const crd of ALL)
      for (const version of crd.spec.versions)
        walk(version.schema.openAPIV3Schema as Record<string, Json>, `${crd.metadata.name}/${version.name}`);
    expect(bare).toEqual([]);
  });

  test("the message that scripts look for is there", () => {
    expect(JSON.stringify(GENERATED)).toContain("serviceSelectors and aggregationLength are mutually exclusive");
  });

  test("only kinds with several versions are converted by the webhook, and only when it is asked for", () => {
    const converted = customResourceDefinitions({ conversion: { namespace: "lb" } });
    expect(converted.filter(({ spec }) => spec.conversion !== undefined).map(({ metadata }) => metadata.name)).toEqual([
      "bgppeers.metallb.io",
    ]);
    expect(converted.find(({ spec }) => spec.names.kind === "BGPPeer")?.spec.conversion).toEqual({
      strategy: "Webhook",
      webhook: {
        conversionReviewVersions: ["v1", "v1beta1"],
        clientConfig: { service: { name: "metallb-webhook-service", namespace: "lb", path: "/convert" } },
      },
    });
    for (const { spec } of GENERATED) expect(spec).not.toHaveProperty("conversion");
  });

  test("exactly one version of each kind is stored", () => {
    for (const crd of GENERATED) expect(crd.spec.versions.filter((version) => version.storage)).toHaveLength(1);
  });
});
