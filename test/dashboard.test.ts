import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Panel } from "../scripts/dashboard/panel.ts";
import { dashboardText, ROWS, VARIABLES } from "../scripts/generate-dashboard.ts";
import { exposedSeries, TARGET_LABELS, unknownIn } from "./support/expression-check.ts";

const file = readFileSync(join(import.meta.dirname, "../charts/metallb/dashboards/metallb.json"), "utf8");
const known = await exposedSeries();

describe("the dashboard", () => {
  test("is what scripts/generate-dashboard.ts writes", () => {
    expect(file).toBe(dashboardText());
  });

  test.each(ROWS.flatMap(({ panels }) => panels))("$title asks for what is exposed", ({ queries }: Panel) => {
    expect(queries.flatMap(({ expr }) => unknownIn(expr, known))).toEqual([]);
    for (const { expr, legend } of queries) {
      const labels = [...known].filter(([name]) => expr.includes(name)).flatMap(([, all]) => [...all]);
      const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      expect([...labels, ...TARGET_LABELS]).toEqual(expect.arrayContaining(named));
    }
  });

  test("uses its own variables only, and finds their values in what is exposed", () => {
    const names = ["datasource", ...VARIABLES.map(({ name }) => name)];
    const used = [...file.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!);
    expect(new Set(used)).toEqual(new Set([...names, "__rate_interval", "__all"]));
    for (const { metric, name } of VARIABLES) expect(unknownIn(`${metric} by (${name})`, known)).toEqual([]);
  });

  test("has rows of 24 columns in which panels don't overlap, and a description for each", () => {
    const { panels } = JSON.parse(file) as { readonly panels: readonly Placed[] };
    expect(panels).toHaveLength(ROWS.length + ROWS.flatMap((row) => row.panels).length);
    const undescribed = panels.filter(({ type, description = "" }) => type !== "row" && !description.endsWith("."));
    const misplaced = panels.filter(
      ({ gridPos }, i) =>
        gridPos.x + gridPos.w > 24 || panels.slice(0, i).some((other) => overlap(gridPos, other.gridPos)),
    );
    expect([undescribed, misplaced]).toEqual([[], []]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

describe("a query is refused", () => {
  test.each([
    { why: "it names no series", expr: "vector(1)", complaint: "no series of ours" },
    { why: "of a series that isn't there", expr: "metallb_typo > 0", complaint: "series metallb_typo" },
    { why: "of the bare name of a histogram", expr: "metallb_controller_status_write_seconds", complaint: "series" },
    { why: "of a label it doesn't have", expr: 'metallb_bgp_session_up{ip="a"}', complaint: "label ip of" },
    { why: "by a label it doesn't have", expr: "sum by (pool) (metallb_bgp_session_up)", complaint: "label pool" },
  ])("$why", ({ expr, complaint }) => {
    expect(unknownIn(expr, known).join()).toContain(complaint);
  });
});

interface Placed {
  readonly id: number;
  readonly type: string;
  readonly description?: string;
  readonly gridPos: Position;
}

interface Position {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function overlap(a: Position, b: Position): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
