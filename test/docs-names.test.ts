/** Names that documents mention: values of the chart, metrics and flags are ones that there are. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { CONTROLLER_FLAGS, SPEAKER_FLAGS } from "../src/cli/flags.ts";
import { addInspectCommands } from "../src/cli/inspect-commands.ts";
import { METRICS } from "../src/telemetry/metric-table.ts";
import { allDocuments, codeWords, type Document, ROOT } from "./support/documents.ts";

/** What others call so: their documents are elsewhere. These tell of MetalLB's names, too. */
const ABOUT_OTHERS = ["CHANGELOG.md", "docs/adr/", "docs/differences.md", "docs/metrics.md"];

/** Documents whose flags are ours; others tell of docker's, helm's and kubectl's. */
const OWN_FLAGS = ["bgp", "concepts", "inspect", "security", "troubleshooting", "usage"].map(
  (name) => `docs/${name}.md`,
);

const USERS = allDocuments().filter(({ path }) => !ABOUT_OTHERS.some((other) => path.startsWith(other)));

const VALUES = parse(readFileSync(join(ROOT, "charts/metallb/values.yaml"), "utf8")) as Readonly<
  Record<string, unknown>
>;

const METRIC_NAMES = new Set(
  Object.values(METRICS).flatMap((table) => Object.entries(table).flatMap(([name, { alias = name }]) => [name, alias])),
);

function flagsOf(command: Command): readonly string[] {
  return [...command.options.map(({ long }) => long ?? ""), ...command.commands.flatMap(flagsOf)];
}

const root = new Command();
addInspectCommands(root, () => undefined);
const FLAGS = new Set([
  "--help",
  ...flagsOf(root),
  ...[...CONTROLLER_FLAGS, ...SPEAKER_FLAGS].map(({ name }) => `--${name}`),
]);

const FILE_ENDINGS: ReadonlySet<string> = new Set(["yaml", "crt", "key", "ts"]);

/** A word like `controller.replicas: 2` whose first part is a value of the chart. */
function unknownValue(word: string): boolean {
  const path = /^([a-zA-Z]+(?:\.[a-zA-Z]+)+)(?::.*)?$/.exec(word)?.[1]?.split(".");
  if (path === undefined || !Object.hasOwn(VALUES, path[0]!) || FILE_ENDINGS.has(path.at(-1)!)) return false;
  let value: unknown = VALUES;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return true;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return false;
}

function unknownMetric(word: string): boolean {
  const name = /^(metallb_[a-z0-9_]+)(\{[a-z_,]+\})?$/.exec(word)?.[1];
  return name !== undefined && !METRIC_NAMES.has(name) && !METRIC_NAMES.has(name.replace(/_(bucket|sum|count)$/, ""));
}

function unknownFlag(word: string): boolean {
  const flag = /^--[a-z][a-z0-9-]+/.exec(word)?.[0];
  return flag !== undefined && !FLAGS.has(flag);
}

function unknownNames(document: Document): readonly string[] {
  const flags = OWN_FLAGS.includes(document.path) ? unknownFlag : () => false;
  const words = codeWords(document).filter((word) => unknownValue(word) || unknownMetric(word) || flags(word));
  return words.map((word) => `${document.path}: ${word}`);
}

test("values, metrics and flags are ones that there are", () => {
  expect(USERS.length).toBeGreaterThan(10);
  expect(USERS.flatMap(unknownNames)).toEqual([]);
});

test("a value, a metric and a flag that there are not would be found", () => {
  const text =
    "`controller.replica: 2` `speaker.frr.enabld` `metallb_bgp_session_down{peer}` `--lb-clas` and `controller.replicas`";
  expect(unknownNames({ path: "docs/usage.md", text })).toEqual([
    "docs/usage.md: controller.replica: 2",
    "docs/usage.md: speaker.frr.enabld",
    "docs/usage.md: metallb_bgp_session_down{peer}",
    "docs/usage.md: --lb-clas",
  ]);
});
