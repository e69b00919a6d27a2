import type { Pool } from "../allocator/pool.ts";
import type { ConfigIssue } from "../config/issues.ts";
import { formatIssue } from "../config/issues.ts";
import type { NamespaceView } from "../config/namespace.ts";
import { parseCommunities } from "../config/parse-communities.ts";
import { parsePools } from "../config/parse-pools.ts";
import type { KubeObject, ObjectKey } from "../ports/kube.ts";

export interface PoolConfigResult {
  /** The pools as they are configured; the same list as before when they did not change. Undefined: one is invalid. */
  readonly pools: readonly Pool[] | undefined;
  /** What is wrong with pools and with communities. */
  readonly issues: readonly ConfigIssue[];
}

/**
 * Collects what the controller's configuration is made of and parses it once per burst of changes. All pools or none:
 * one that is wrong leaves the last good configuration in force, so that a typing error takes no address away.
 * Communities are only checked: the speakers use them, and no pool waits for them.
 */
export class PoolConfig {
  readonly #resources = new Map<ObjectKey, KubeObject>();
  readonly #namespaces = new Map<ObjectKey, NamespaceView>();
  readonly #communities = new Map<ObjectKey, KubeObject>();
  readonly #onResult: (result: PoolConfigResult) => void;
  /** Undefined: to be parsed again. */
  #parsed: ReturnType<typeof parsePools> | undefined;
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
    if (old === undefined || !sameJson(old["spec"], resource["spec"])) this.#parseAgain();
  }

  deletePool(key: ObjectKey): void {
    if (this.#resources.delete(key)) this.#parseAgain();
  }

  setNamespace(key: ObjectKey, namespace: NamespaceView): void {
    const old = this.#namespaces.get(key);
    this.#namespaces.set(key, namespace);
    if (old === undefined || !sameJson(old.labels, namespace.labels)) this.#parseAgain();
  }

  deleteNamespace(key: ObjectKey): void {
    if (this.#namespaces.delete(key)) this.#parseAgain();
  }

  setCommunity(key: ObjectKey, community: KubeObject): void {
    this.#communities.set(key, community);
    this.#schedule();
  }

  deleteCommunity(key: ObjectKey): void {
    if (this.#communities.delete(key)) this.#schedule();
  }

  #parseAgain(): void {
    this.#parsed = undefined;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#complete) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#parsed ??= parsePools([...this.#resources.values()], [...this.#namespaces.values()]);
      const { pools, issues } = this.#parsed;
      const communityIssues = parseCommunities([...this.#communities.values()]).issues;
      this.#onResult({ pools: issues.length === 0 ? pools : undefined, issues: [...issues, ...communityIssues] });
    });
  }
}

/** What is kept of a pool: what is parsed, and the status that we write. */
export function projectPool(object: KubeObject): KubeObject {
  const { name, namespace, uid } = object.metadata;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
  return { metadata, spec: object["spec"], status: object["status"] };
}

/** Issues of one configuration that are logged. */
export const MOST_LOGGED = 50;

/** One text for a list of issues, for the log. */
export function formatIssues(issues: readonly ConfigIssue[]): string {
  const lines = issues.slice(0, MOST_LOGGED).map(formatIssue);
  const more = issues.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more: run metallb validate`] : [])].join("\n");
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
