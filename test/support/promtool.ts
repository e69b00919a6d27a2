import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { toolPath } from "./requirements.ts";

/** A series and its values, one a minute, in promtool's notation: `0x10`, `1+1x30`, `_x5 1x5`. */
export type InputSeries = readonly [series: string, values: string];

/** Groups of rules as a PrometheusRule has them in its spec, and Prometheus in a file. */
export interface RuleGroups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What promtool complains of when it reads the rules; "" when it is content. */
export function checkRules(rules: object): string {
  return promtool({ "rules.yaml": rules }, "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml");
}

/** Series that come in, and what fires then. */
export interface FiringCase {
  readonly name: string;
  readonly series: readonly InputSeries[];
  /** When to look, in minutes after the first values. */
  readonly minute: number;
  /** `{alertname="…",…}` with all labels of each alert that fires; no other may. */
  readonly firing: readonly string[];
}

/** What promtool complains of when other alerts fire than expected; "" when none does. */
export function checkFiring(rules: RuleGroups, cases: readonly FiringCase[]): string {
  const tests = cases.map(({ name, series, minute, firing }) => {
    const expected = firing.map((labels) => ({ labels: `ALERTS${labels}`, value: 1 }));
    return {
      name,
      interval: "1m",
      input_series: series.map(([key, values]) => ({ series: key, values })),
      promql_expr_test: [{ expr: `ALERTS{alertstate="firing"}`, eval_time: `${minute}m`, exp_samples: expected }],
    };
  });
  const file = { rule_files: ["rules.yaml"], evaluation_interval: "1m", tests };
  return promtool({ "rules.yaml": rules, "tests.yaml": file }, "test", "rules", "tests.yaml");
}

function promtool(files: Readonly<Record<string, object>>, ...args: readonly string[]): string {
  const cwd = mkdtempSync(join(tmpdir(), "metallb-promtool-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), stringify(content));
    const { status, stdout, stderr } = spawnSync(toolPath("promtool")!, args, { cwd, encoding: "utf8" });
    return status === 0 ? "" : `${stdout}${stderr}`;
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
