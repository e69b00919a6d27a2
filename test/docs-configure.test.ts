import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type FieldRow, fieldRows, type Schema } from "../scripts/configure/field-rows.ts";
import { KIND_TEXTS } from "../scripts/configure/kind-texts.ts";
import { MISTAKES } from "../scripts/configure/refusals.ts";
import { configurePage, issueOf } from "../scripts/generate-configure.ts";
import { CONFIG_KINDS } from "../src/config/config-kinds.ts";
import { customResourceDefinitions } from "../src/config/crds.ts";
import { validateManifests } from "../src/inspect/validate/validate-manifests.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "docs/configure.md"), "utf8");
const CRDS = customResourceDefinitions();

function storedFields(kind: string, part: "spec" | "status"): readonly FieldRow[] {
  const { versions } = CRDS.find(({ spec }) => spec.names.kind === kind)!.spec;
  const schema = versions.find(({ storage }) => storage)!.schema.openAPIV3Schema as Schema;
  return fieldRows(schema.properties?.[part] ?? {});
}

function sectionOf(kind: string): string {
  return PAGE.split(/^## /m).find((section) => section.startsWith(`${kind}\n`)) ?? "";
}

test("docs/configure.md is what scripts/generate-configure.ts writes", () => {
  expect(PAGE).toBe(configurePage());
});

test("every kind has a section", () => {
  expect(Object.keys(KIND_TEXTS).sort()).toEqual(CRDS.map(({ spec }) => spec.names.kind).sort());
  expect(Object.keys(MISTAKES).sort()).toEqual(Object.keys(CONFIG_KINDS).sort());
});

test.each(Object.keys(KIND_TEXTS))("%s: every field has a row with type and meaning", (kind) => {
  const rows = sectionOf(kind)
    .split("\n")
    .map((line) => line.split(" | "));
  const bare = (["spec", "status"] as const).flatMap((part) =>
    storedFields(kind, part)
      .map(({ path }) => path)
      .filter((path) => {
        const [, type = "any", ...rest] = rows.find(([first]) => first === `| \`${path}\``) ?? [];
        return type === "any" || rest.length !== (part === "spec" ? 2 : 1) || rest.at(-1)!.length < 10;
      }),
  );
  expect(bare).toEqual([]);
});

test.each(Object.entries(KIND_TEXTS))(
  "%s: notes are about fields that there are",
  (kind, { absent = {}, notes = {} }) => {
    const fields = storedFields(kind, "spec");
    const paths = fields.map(({ path }) => path);
    expect(Object.keys(notes).filter((path) => !paths.includes(path))).toEqual([]);
    const filledIn = fields.filter((field) => field.required || field.default !== undefined).map(({ path }) => path);
    expect(Object.keys(absent).filter((path) => !paths.includes(path) || filledIn.includes(path))).toEqual([]);
  },
);

test.each(Object.entries(MISTAKES).flatMap(([kind, list]) => list.map((mistake) => ({ kind, ...mistake }))))(
  "$kind: $field is refused when $when",
  (mistake) => {
    expect(issueOf(mistake).object).toMatch(new RegExp(`^${mistake.kind} metallb-system/`));
  },
);

test("a mistake that is none would stop the page from being written", () => {
  const [mistake] = MISTAKES.IPAddressPool;
  expect(() => issueOf({ ...mistake!, objects: {} })).toThrow("is not refused when the list is empty");
});

test("the examples are valid together", () => {
  const sources = Object.values(KIND_TEXTS).flatMap(({ example }) => {
    if (example === undefined) return [];
    const path = `examples/kinds/${example}`;
    return [{ path, text: readFileSync(join(ROOT, path), "utf8"), named: true }];
  });
  expect(sources).toHaveLength(Object.keys(CONFIG_KINDS).length);
  expect(validateManifests(sources, undefined)).toMatchObject({ valid: true, issues: [] });
});
