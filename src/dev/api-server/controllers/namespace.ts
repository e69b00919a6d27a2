import type { Kernel } from "../kernel.ts";
import type { ApiObject } from "../objects.ts";
import { at } from "../objects.ts";
import { DELETE_NOW, deleteObject } from "../rest/delete.ts";
import type { StorageEvent } from "../storage.ts";

const TABLE = "namespaces";

/** Empties namespaces that are being deleted, then removes them. What has finalizers holds its namespace back. */
export class NamespaceController {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  start(): void {
    const { storage } = this.#kernel;
    storage.subscribe((event) => this.#follow(event));
    for (const namespace of storage.list(TABLE)) this.#schedule(namespace.metadata.name);
  }

  #follow({ type, table, object }: StorageEvent): void {
    if (table === TABLE) {
      if (type !== "DELETED" && object.metadata.deletionTimestamp !== undefined) this.#schedule(object.metadata.name);
      return;
    }
    const { namespace } = object.metadata;
    if (type === "DELETED" && namespace !== undefined && this.#terminating(namespace) !== undefined) {
      this.#schedule(namespace);
    }
  }

  #terminating(name: string): ApiObject | undefined {
    const namespace = this.#kernel.storage.get(TABLE, "", name);
    return namespace?.metadata.deletionTimestamp === undefined ? undefined : namespace;
  }

  /** Later, so that the request that started the deletion is answered first. */
  #schedule(name: string): void {
    setImmediate(() => this.#empty(name));
  }

  #empty(name: string): void {
    const namespace = this.#terminating(name);
    if (namespace === undefined) return;
    const { storage, registry } = this.#kernel;
    for (const table of storage.tables) {
      const definition = registry.byTable(table);
      if (definition?.served.namespaced !== true) continue;
      for (const object of storage.list(table, name)) {
        if (object.metadata.deletionTimestamp !== undefined) continue;
        deleteObject(this.#kernel, definition, { namespace: name, name: object.metadata.name }, DELETE_NOW);
      }
    }
    const left = storage.tables.some((table) => table !== TABLE && storage.list(table, name).length > 0);
    if (!left && this.#terminating(name) !== undefined) this.#finish(namespace);
  }

  #finish(namespace: ApiObject): void {
    const { storage } = this.#kernel;
    const others = namespace.metadata.finalizers ?? [];
    if (others.length === 0) return storage.delete(TABLE, namespace);
    const finalizers = at(namespace["spec"], "finalizers");
    if (!Array.isArray(finalizers) || finalizers.length === 0) return;
    storage.put(TABLE, { ...namespace, spec: {} });
  }
}
