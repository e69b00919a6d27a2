import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { ChartValue } from "../scripts/chart-values.ts";
import { readChartValues } from "../scripts/chart-values.ts";
import { chartFiles } from "../scripts/generate-chart.ts";
import { REFERENCE_VALUES } from "./support/reference-values.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly default?: unknown;
}

const flatten = (values: readonly ChartValue[]): readonly ChartValue[] =>
  values.flatMap((value) => [value, ...flatten(value.children)]);

describe("the chart's values", () => {
  const values = flatten(readChartValues());
  const defaults = new Map(values.map((value) => [value.path, value.default]));

  test.each(Object.entries(chartFiles()))("%s is what scripts/generate-chart.ts writes", (path, text) => {
    expect(read(path)).toBe(text);
  });

  test("are all in values.schema.json, with their defaults", () => {
    const schema = JSON.parse(read("charts/metallb/values.schema.json")) as Schema;
    const at = (path: string): Schema | undefined =>
      path.split(".").reduce<Schema | undefined>((found, part) => found?.properties?.[part], schema);
    expect(values.length).toBeGreaterThan(150);
    const missing = values.filter(({ path }) => at(path) === undefined);
    const leaves = values.filter(({ children }) => children.length === 0);
    expect(missing).toEqual([]);
    expect(leaves.map(({ path }) => [path, at(path)!.default])).toEqual(
      leaves.map((value) => [value.path, value.default]),
    );
  });

  test("of MetalLB's chart are all there, with the same default but for the images", () => {
    const different = Object.entries(REFERENCE_VALUES).filter(
      ([path, theirs]) => JSON.stringify(defaults.get(path)) !== JSON.stringify(theirs),
    );
    expect(different.map(([path]) => path)).toEqual(["controller.image.repository", "speaker.image.repository"]);
  });

  test("that have no effect are known to the templates with the defaults they have here", () => {
    const template = read("charts/metallb/templates/_ignored.tpl");
    const table = /define "metallb.ignored.defaults" -\}\}\n(.*?)\{\{- end \}\}/s.exec(template)![1]!;
    const silent = values.filter(({ text }) => text?.startsWith("No effect:") === true);
    const flat = silent.map(({ path, default: given }) => [path, given] as const);
    const { speaker, ...others } = parse(table) as Record<string, Record<string, unknown>>;
    const inSpeaker = Object.entries(speaker!).map(([key, value]) => [`speaker.${key}`, value] as const);
    expect(new Map(flat)).toEqual(new Map([...inSpeaker, ...Object.entries(others)]));
  });

  test("of the subchart of CRDs are those of the chart", () => {
    expect(parse(read("charts/metallb/charts/crds/values.yaml"))).toEqual(defaults.get("crds"));
  });

  test("carry the version of the program", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    for (const chart of ["charts/metallb", "charts/metallb/charts/crds"]) {
      expect(parse(read(`${chart}/Chart.yaml`))).toMatchObject({ version, appVersion: version });
    }
  });
});
