import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** Whose description of Kubernetes' kinds is used: of 1.30 that of `kubernetes-types`, else that of `kubernetes-models`. */
export type KubernetesTypes = "1.30" | "newest";

interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * What is wrong with objects according to the types of Kubernetes, one line each: fields that are missing, of a wrong
 * type, or unknown. The TypeScript compiler looks for it: an object literal may not have fields that its type doesn't have.
 * Kinds of the Prometheus Operator are judged by its own types, whichever Kubernetes it is.
 */
export function typeProblems(objects: readonly Typed[], types: KubernetesTypes): readonly string[] {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".cache/kubernetes-types-"));
  try {
    writeFileSync(join(folder, "objects.ts"), objects.map((object, i) => statement(object, i, types)).join("\n"));
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: OPTIONS, files: ["objects.ts"] }));
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const { status, stdout } = spawnSync(tsc, ["--project", folder, "--pretty", "false"], { encoding: "utf8" });
    const problems = stdout.split("\n").flatMap((line) => describe(line, objects));
    if (problems.length === 0 && status !== 0) throw new Error(`tsc: ${stdout}`);
    return problems;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const OPTIONS = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  target: "es2024",
  module: "esnext",
  moduleResolution: "bundler",
  types: [],
};

/** One line for each object, which is how a message finds back to it. */
function statement(object: Typed, i: number, types: KubernetesTypes): string {
  const { module, name } = typeOf(object, types);
  return `import type { ${name} as T${i} } from "${module}"; export const v${i}: T${i} = ${JSON.stringify(object)};`;
}

function typeOf({ apiVersion, kind }: Typed, types: KubernetesTypes): { module: string; name: string } {
  if (apiVersion.startsWith("monitoring.coreos.com/")) {
    return { module: `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`, name: `I${kind}` };
  }
  if (types === "newest") return { module: `kubernetes-models/${apiVersion}/${kind}`, name: `I${kind}` };
  const group = apiVersion.includes("/") ? apiVersion.replace(/\.[^/]*/, "") : `core/${apiVersion}`;
  return { module: `kubernetes-types/${group}`, name: kind };
}

function describe(line: string, objects: readonly Typed[]): readonly string[] {
  const match = /objects\.ts\((\d+),\d+\): error TS\d+: (.*)$/.exec(line);
  if (match === null) return [];
  const { kind } = objects[Number(match[1]) - 1]!;
  return [`${kind}: ${match[2]}`];
}
