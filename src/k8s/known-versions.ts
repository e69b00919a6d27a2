import type { ObjectKey } from "../ports/kube.ts";

/**
 * Which version of each object has been told, so that a relist tells only the differences. Versions are compared for
 * equality only: they are opaque.
 */
export class KnownVersions {
  readonly #versions = new Map<ObjectKey, string>();
  /** What the list in progress has brought so far; undefined outside of a list. */
  #listed: Set<ObjectKey> | undefined;

  get size(): number {
    return this.#versions.size;
  }

  /** Forgets a list that was broken off, if any. */
  beginList(): void {
    this.#listed = new Set();
  }

  /** Whether this version is news. An object without a version always is. */
  set(key: ObjectKey, version: string | undefined): boolean {
    this.#listed?.add(key);
    if (version !== undefined && this.#versions.get(key) === version) return false;
    this.#versions.set(key, version ?? "");
    return true;
  }

  /** Whether the object was known. */
  delete(key: ObjectKey): boolean {
    this.#listed?.delete(key);
    return this.#versions.delete(key);
  }

  /** The list is complete: returns, and forgets, what it didn't bring. */
  endList(): readonly ObjectKey[] {
    const listed = this.#listed;
    this.#listed = undefined;
    if (listed === undefined) return [];
    const gone = [...this.#versions.keys()].filter((key) => !listed.has(key));
    for (const key of gone) this.#versions.delete(key);
    return gone;
  }
}
