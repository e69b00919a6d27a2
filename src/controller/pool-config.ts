import type { Pool } from "../allocator/pool.ts";
import type { ConfigIssue } from "../config/issues.ts";
import { formatIssue } from "../config/issues.ts";
import type { NamespaceView } from "../config/namespace.ts";
import { parsePools } from "../config/parse-pools.ts";
import type { KubeObject, ObjectKey } from "../ports/kube.ts";

/** Pools as they are configured, or what is wrong with the configuration. */
export type PoolConfigResult =
  | { readonly valid: true; readonly pools: readonly Pool[] }
  | { readonly valid: false; readonly issues: readonly ConfigIssue[] };

/**
 * Collects what the pool configuration is made of and parses it once per burst of changes. All pools or none: one that
 * is wrong leaves the last good configuration in force, so that a typing error takes no address away.
 */
export class PoolConfig {
  readonly #resources = new Map<ObjectKey, KubeObject>();
  readonly #namespaces = new Map<ObjectKey, NamespaceView>();
  readonly #onResult: (result: PoolConfigResult) => void;
  #complete = false;
  #scheduled = false;

  constructor(onResult: (result: PoolConfigResult) => void) {
    this.#onResult = onResult;
  }

  resource(key: ObjectKey): KubeObject | undefined {
    return this.#resources.get(key);
  }

  /** Everything has been told once: results are given from now on. */
  complete(): void {
    this.#complete = true;
    this.#schedule();
  }

  setPool(key: ObjectKey, resource: KubeObject): void {
    const old = this.#resources.get(key);
    this.#resources.set(key, resource);
    if (old === undefined || !sameJson(old["spec"], resource["spec"])) this.#schedule();
  }

  deletePool(key: ObjectKey): void {
    if (this.#resources.delete(key)) this.#schedule();
  }

  setNamespace(key: ObjectKey, namespace: NamespaceView): void {
    const old = this.#namespaces.get(key);
    this.#namespaces.set(key, namespace);
    if (old === undefined || !sameJson(old.labels, namespace.labels)) this.#schedule();
  }

  deleteNamespace(key: ObjectKey): void {
    if (this.#namespaces.delete(key)) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#complete) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      const { pools, issues } = parsePools([...this.#resources.values()], [...this.#namespaces.values()]);
      this.#onResult(issues.length === 0 ? { valid: true, pools } : { valid: false, issues });
    });
  }
}

/** What is kept of a pool: what is parsed, and the status that we write. */
export function projectPool(object: KubeObject): KubeObject {
  const { name, namespace, uid } = object.metadata;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
  return { metadata, spec: object["spec"], status: object["status"] };
}

/** One text for a list of issues, for the log and for comparing. */
export function formatIssues(issues: readonly ConfigIssue[]): string {
  return issues.map(formatIssue).join("\n");
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
