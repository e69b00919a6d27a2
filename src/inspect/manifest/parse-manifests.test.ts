import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseManifests } from "./parse-manifests.ts";

const POOL = `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: pool-a
  labels:
    kubernetes.io/tier: gold
spec:
  autoAssign: no
  addresses:
    - 10.0.0.0/24
    - "fd00::/64"
`;

function parse(text: string, named = true) {
  return parseManifests({ path: "a.yaml", text, named });
}

describe("what is read", () => {
  test("documents, and the items of a List, each with its own lines", () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${POOL.trimEnd().replaceAll("\n", "\n  ")}\n`;
    const { manifests, problems } = parse(`${POOL}---\n---\n${list}`);
    expect(problems).toEqual([]);
    expect(manifests.map(({ object, lineOf }) => [object.metadata.name, lineOf(""), lineOf("spec.addresses")])).toEqual(
      [
        ["pool-a", 1, 9],
        ["pool-a", 17, 25],
      ],
    );
  });

  test("JSON, also with tabs", () => {
    const text = JSON.stringify(
      { apiVersion: "v1", kind: "X", metadata: { name: "n" }, spec: { a: [1, 2] } },
      null,
      "\t",
    );
    const { manifests, problems } = parse(text);
    expect(problems).toEqual([]);
    expect(manifests.map(({ object, lineOf }) => [object["spec"], lineOf("spec.a[1]")])).toEqual([[{ a: [1, 2] }, 10]]);
  });

  test.each([
    { written: "no", read: false },
    { written: "On", read: true },
    { written: "y", read: true },
    { written: '"no"', read: "no" },
    { written: "65000:100", read: "65000:100" },
    { written: "2001:db8::1", read: "2001:db8::1" },
    { written: "10.0.0.1", read: "10.0.0.1" },
    { written: "2026-01-01", read: "2026-01-01" },
    { written: "norway", read: "norway" },
  ])("$written as kubectl reads it", ({ written, read }) => {
    const { manifests } = parse(`{apiVersion: v1, kind: X, spec: {a: ${written}}}`);
    expect(manifests[0]?.object["spec"]).toEqual({ a: read });
  });

  test("anchors, aliases and merge keys", () => {
    const text = "apiVersion: v1\nkind: X\nbase: &b\n  a: 1\nspec:\n  <<: *b\n  c: *b\n";
    const { manifests } = parse(text);
    expect(manifests[0]?.object["spec"]).toEqual({ a: 1, c: { a: 1 } });
    expect(manifests[0]?.lineOf("spec.c.a")).toBe(4);
  });
});

test.each([
  { field: "", line: 1 },
  { field: "apiVersion", line: 1 },
  { field: "metadata.name", line: 4 },
  { field: "metadata.labels.kubernetes.io/tier", line: 6 },
  { field: "spec.addresses[0]", line: 10 },
  { field: "spec.addresses[1]", line: 11 },
  { field: "spec.addresses[7]", line: 9 },
  { field: "spec.nothing.of.this", line: 7 },
  { field: "nothing", line: 1 },
])("$field is on line $line", ({ field, line }) => {
  expect(parse(POOL).manifests[0]?.lineOf(field)).toBe(line);
});

describe("what is refused", () => {
  test.each([
    { why: "syntax", text: `${POOL}---\na: [\n`, line: 14, message: /^not YAML: / },
    { why: "a key twice", text: "apiVersion: v1\nkind: X\nkind: Y\n", line: 3, message: /must be unique/ },
    {
      why: "a template",
      text: "{{- if .Values.a }}\nkind: X\n",
      line: 1,
      message: /^not YAML: /,
      fix: /helm template/,
    },
    { why: "no object", text: "replicas: 1\n", line: 1, message: /not a Kubernetes object/ },
    { why: "a text", text: "hello\n", line: 1, message: /not a Kubernetes object/ },
    {
      why: "an item without kind",
      text: "apiVersion: v1\nkind: List\nitems:\n- a: 1\n",
      line: 4,
      message: /not a Kub/,
    },
    { why: "too many documents", text: "---\n".repeat(10_001), line: 1, message: /more than 10000 documents/ },
    { why: "too long", text: "#".repeat(8 * 1024 * 1024 + 1), line: 1, message: /longer than 8 MiB/ },
    { why: "an alias bomb", text: aliasBomb(), line: 1, message: /alias/i },
  ])("$why", ({ text, line, message, fix = /./ }) => {
    const { problems } = parse(text);
    expect(problems).toEqual([
      {
        path: "a.yaml",
        line: expect.any(Number) as number,
        message: expect.stringMatching(message) as string,
        fix: expect.stringMatching(fix) as string,
      },
    ]);
    expect(problems[0]?.line).toBe(line);
  });

  test("a file in a folder that holds no object is passed over", () => {
    expect(parse("replicas: 1\n", false)).toEqual({ manifests: [], problems: [] });
  });

  test("the documents around a broken one are read", () => {
    expect(parse(`${POOL}---\na: 'x\n---\n${POOL}`).manifests.length).toBeGreaterThan(0);
  });
});

function aliasBomb(): string {
  const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`);
  return `apiVersion: v1\nkind: X\nl0: &l0 [1]\n${levels.join("\n")}\n`;
}

test("nothing throws, and every place is in the text", () => {
  const lines = POOL.split("\n").length;
  const edit = fc.tuple(fc.nat(POOL.length), fc.nat(8), fc.string({ maxLength: 8, unit: "binary" }));
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), fc.string(), (edits, field) => {
      const text = edits.reduce((now, [at, gone, added]) => now.slice(0, at) + added + now.slice(at + gone), POOL);
      const { manifests, problems } = parse(text);
      const count = text.split(/\r\n|[\n\r]/).length;
      for (const { line } of problems) expect(line).toBeLessThanOrEqual(Math.max(count, lines));
      for (const { lineOf } of manifests) expect(lineOf(field)).toBeLessThanOrEqual(count);
    }),
    { numRuns: 50 },
  );
}, 20_000);
