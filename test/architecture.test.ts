import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** The import graph of docs/architecture.md. Each folder may import itself and what stands here. */
const LEAVES = ["bytes", "ip", "lib", "ports"];
const PURE = ["allocator", "layer2", "membership", "bgp", "config"];
const ADAPTERS = ["k8s", "platform", "telemetry", "tls", "webhook"];

interface Rule {
  readonly imports: readonly string[];
  /** Folders of which only types may be imported. */
  readonly types?: readonly string[];
  /** npm packages and node: modules; "*" is any. */
  readonly packages?: readonly string[];
}

const RULES: Readonly<Record<string, Rule>> = {
  lib: { imports: [], types: ["ports"] },
  bytes: { imports: ["lib"] },
  ip: { imports: ["lib", "bytes"], packages: ["ipaddr.js"] },
  ports: { imports: [], types: ["lib", "ip"] },
  allocator: { imports: LEAVES },
  layer2: { imports: LEAVES },
  membership: { imports: LEAVES },
  bgp: { imports: LEAVES },
  config: { imports: LEAVES, types: ["allocator", "layer2"], packages: ["zod"] },
  native: { imports: ["lib"], packages: ["*"] },
  platform: { imports: [...LEAVES, "native"], packages: ["*"] },
  k8s: { imports: LEAVES, packages: ["*"] },
  tls: { imports: LEAVES, packages: ["*"] },
  telemetry: { imports: [...LEAVES, "tls"], packages: ["*"] },
  webhook: { imports: [...LEAVES, "tls"], packages: ["*"] },
  reporting: { imports: [...LEAVES, "config"] },
  controller: { imports: [...LEAVES, ...PURE, ...ADAPTERS, "reporting"], packages: ["*"] },
  speaker: { imports: [...LEAVES, ...PURE, ...ADAPTERS, "reporting"], packages: ["*"] },
  inspect: { imports: [...LEAVES, ...PURE, ...ADAPTERS, "reporting", "controller", "speaker"], packages: ["*"] },
  cli: { imports: [...LEAVES, "controller", "speaker", "inspect"], packages: ["*"] },
  dev: { imports: [...LEAVES, "config", "k8s"], packages: ["*"] },
};

/** Files that may import a `node:` module although their folder is pure. */
const NODE_EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  "src/layer2/election.ts": ["node:crypto"],
};

/** Only these files may build adapters. */
const COMPOSITION_ROOTS = [
  "src/controller/main.ts",
  "src/speaker/main.ts",
  "src/speaker/protocol-worker.ts",
  "src/inspect/main.ts",
];

const ROOTS = ["controller", "speaker", "inspect"];

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

interface ImportEdge {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function importsOf(text: string): ImportEdge[] {
  const edges: ImportEdge[] = [];
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']|import\(\s*["']([^"']+)["']/g;
  for (const match of text.matchAll(pattern)) {
    edges.push({ specifier: match[2] ?? match[3]!, typeOnly: match[1] !== undefined });
  }
  return edges;
}

function packageName(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function violations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const folder = file.path.split("/")[1]!;
    const rule = RULES[folder];
    if (rule === undefined) return [`${file.path}: folder ${folder} is not in the graph`];
    return importsOf(file.text).flatMap((edge) => {
      const complaint = edge.specifier.startsWith(".")
        ? folderComplaint(file, folder, rule, edge)
        : packageComplaint(file, rule, edge);
      return complaint === undefined ? [] : [`${file.path}: ${complaint}`];
    });
  });
}

function folderComplaint(file: SourceFile, folder: string, rule: Rule, edge: ImportEdge): string | undefined {
  const target = join(file.path, "..", edge.specifier);
  const to = target.split("/")[1]!;
  if (!target.startsWith("src/")) return `imports ${edge.specifier}, outside src`;
  if (buildsAdapter(file, folder, to, edge)) return `only composition roots build adapters (${to})`;
  if (to === folder || rule.imports.includes(to)) return undefined;
  const typesOnly = rule.types?.includes(to) ?? false;
  if (typesOnly && edge.typeOnly) return undefined;
  return `may not import ${to}${typesOnly ? " (types only)" : ""}`;
}

function buildsAdapter(file: SourceFile, folder: string, to: string, edge: ImportEdge): boolean {
  return ROOTS.includes(folder) && ADAPTERS.includes(to) && !edge.typeOnly && !COMPOSITION_ROOTS.includes(file.path);
}

function packageComplaint(file: SourceFile, rule: Rule, edge: ImportEdge): string | undefined {
  const name = packageName(edge.specifier);
  if (rule.packages?.includes("*") || rule.packages?.includes(name)) return undefined;
  if (NODE_EXCEPTIONS[file.path]?.includes(name)) return undefined;
  return `may not import package ${name}`;
}

function sourceFiles(): SourceFile[] {
  const root = resolve(import.meta.dirname, "..");
  return readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: relative(root, path), text: readFileSync(path, "utf8") };
    });
}

describe("import graph", () => {
  test("every import follows docs/architecture.md", () => {
    const files = sourceFiles();
    expect(files.length).toBeGreaterThan(15);
    expect(violations(files)).toEqual([]);
  });

  test.each([
    { why: "pure imports adapter", path: "src/allocator/x.ts", text: `import { a } from "../k8s/a.ts";` },
    { why: "pure imports pure", path: "src/layer2/x.ts", text: `import type { a } from "../allocator/a.ts";` },
    { why: "config imports more than types", path: "src/config/x.ts", text: `import { a } from "../allocator/a.ts";` },
    { why: "pure imports node", path: "src/allocator/x.ts", text: `import type { S } from "node:net";` },
    { why: "pure imports package", path: "src/config/x.ts", text: `import pino from "pino";` },
    { why: "adapter imports domain", path: "src/k8s/x.ts", text: `import { a } from "../allocator/a.ts";` },
    { why: "production imports dev", path: "src/cli/x.ts", text: `await import("../dev/main.ts");` },
    { why: "root imports root", path: "src/speaker/x.ts", text: `export { a } from "../controller/run.ts";` },
    { why: "adapter built outside main", path: "src/speaker/run.ts", text: `import { a } from "../platform/a.ts";` },
    {
      why: "an inspecting report asks the cluster",
      path: "src/inspect/x.ts",
      text: `import { a } from "../k8s/a.ts";`,
    },
    {
      why: "a process depends on its inspection",
      path: "src/controller/x.ts",
      text: `import { a } from "../inspect/a.ts";`,
    },
    { why: "unknown folder", path: "src/misc/x.ts", text: "" },
    { why: "test code in src", path: "src/cli/x.ts", text: `import "../../test/support/a.ts";` },
  ])("a violation is found: $why", ({ path, text }) => {
    expect(violations([{ path, text }])).toHaveLength(1);
  });
});
