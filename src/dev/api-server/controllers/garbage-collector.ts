import type { Kernel } from "../kernel.ts";
import type { ApiObject } from "../objects.ts";
import { DELETE_NOW, deleteObject } from "../rest/delete.ts";
import { finalized } from "../rest/store.ts";
import type { StorageEvent } from "../storage.ts";

/** Names a stored object. */
interface Reference {
  readonly table: string;
  readonly namespace: string;
  readonly name: string;
}

/** Deletes objects whose owners are all gone, and finishes deletions that wait for, or orphan, their dependents. */
export class GarbageCollector {
  readonly #kernel: Kernel;
  readonly #live = new Map<string, Reference>();
  /** Dependents by the uid of their owner. */
  readonly #dependents = new Map<string, Map<string, Reference>>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  start(): void {
    const { storage } = this.#kernel;
    for (const table of storage.tables) {
      for (const object of storage.list(table)) this.#index(table, object);
    }
    storage.subscribe((event) => this.#follow(event));
  }

  #follow({ type, table, object, previous }: StorageEvent): void {
    if (previous !== undefined) this.#forget(previous);
    if (type === "DELETED") {
      const waiting = this.#dependentsOf(object.metadata.uid ?? "");
      const owners = object.metadata.ownerReferences ?? [];
      if (waiting.length > 0 || owners.length > 0) setImmediate(() => this.#ownerGone(waiting, object));
      return;
    }
    this.#index(table, object);
    if (object.metadata.deletionTimestamp !== undefined) setImmediate(() => this.#progress(table, object));
    else if (object.metadata.ownerReferences !== undefined) {
      setImmediate(() => this.#collect({ table, ...place(object) }));
    }
  }

  #index(table: string, object: ApiObject): void {
    const { uid, ownerReferences } = object.metadata;
    if (uid === undefined) return;
    const reference = { table, ...place(object) };
    this.#live.set(uid, reference);
    for (const owner of ownerReferences ?? []) {
      let dependents = this.#dependents.get(owner.uid);
      if (dependents === undefined) this.#dependents.set(owner.uid, (dependents = new Map()));
      dependents.set(uid, reference);
    }
  }

  #forget(object: ApiObject): void {
    const { uid, ownerReferences } = object.metadata;
    if (uid === undefined) return;
    this.#live.delete(uid);
    for (const owner of ownerReferences ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }

  #ownerGone(dependents: readonly Reference[], gone: ApiObject): void {
    for (const dependent of dependents) this.#collect(dependent);
    for (const owner of gone.metadata.ownerReferences ?? []) {
      const reference = this.#live.get(owner.uid);
      const object = reference === undefined ? undefined : this.#get(reference);
      if (reference !== undefined && object?.metadata.deletionTimestamp !== undefined)
        this.#progress(reference.table, object);
    }
  }

  #get({ table, namespace, name }: Reference): ApiObject | undefined {
    return this.#kernel.storage.get(table, namespace, name);
  }

  /** Deletes a dependent if no owner of it is left. */
  #collect(reference: Reference): void {
    const object = this.#get(reference);
    const owners = object?.metadata.ownerReferences ?? [];
    if (object === undefined || owners.length === 0 || object.metadata.deletionTimestamp !== undefined) return;
    if (owners.some((owner) => this.#live.has(owner.uid))) return;
    const definition = this.#kernel.registry.byTable(reference.table);
    if (definition !== undefined) deleteObject(this.#kernel, definition, reference, DELETE_NOW);
  }

  /** Moves a deletion on that waits for its dependents. */
  #progress(table: string, stale: ApiObject): void {
    const object = this.#get({ table, ...place(stale) });
    if (object?.metadata.uid === undefined) return;
    const { finalizers = [], uid } = object.metadata;
    if (finalizers.includes("orphan")) {
      for (const dependent of this.#dependentsOf(uid)) this.#disown(dependent, uid);
      this.#release(table, object, "orphan");
    } else if (finalizers.includes("foregroundDeletion")) {
      for (const dependent of this.#dependentsOf(uid)) this.#deleteBlocking(dependent);
      if (this.#dependentsOf(uid).length === 0) this.#release(table, object, "foregroundDeletion");
    }
  }

  #dependentsOf(uid: string): Reference[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  #deleteBlocking(dependent: Reference): void {
    const definition = this.#kernel.registry.byTable(dependent.table);
    const object = this.#get(dependent);
    if (definition === undefined || object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    deleteObject(this.#kernel, definition, dependent, DELETE_NOW);
  }

  #disown(dependent: Reference, uid: string): void {
    const object = this.#get(dependent);
    if (object === undefined) return;
    const { ownerReferences = [], ...metadata } = object.metadata;
    const left = ownerReferences.filter((owner) => owner.uid !== uid);
    const next = { ...object, metadata: { ...metadata, ...(left.length === 0 ? {} : { ownerReferences: left }) } };
    this.#kernel.storage.put(dependent.table, next);
  }

  #release(table: string, object: ApiObject, finalizer: string): void {
    const finalizers = (object.metadata.finalizers ?? []).filter((other) => other !== finalizer);
    const next = { ...object, metadata: { ...object.metadata, finalizers } };
    if (finalized(next)) this.#kernel.storage.delete(table, object);
    else this.#kernel.storage.put(table, next);
  }
}

function place(object: ApiObject): { readonly namespace: string; readonly name: string } {
  return { namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}
