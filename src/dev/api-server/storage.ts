import { expired } from "./errors.ts";
import type { ApiObject } from "./objects.ts";

/** One write. `object` of a deletion is the last state with the deletion's own resourceVersion. */
export interface StorageEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** Which table: `services`, `ipaddresspools.metallb.io`. */
  readonly table: string;
  readonly revision: number;
  readonly object: ApiObject;
  /** The state before, unless the object was added. */
  readonly previous: ApiObject | undefined;
}

export type StorageListener = (event: StorageEvent) => void;

/** Where writes go that must survive a restart. */
export interface Journal {
  record(revision: number, table: string, object: ApiObject, deleted: boolean): void;
}

/** Writes that a table remembers for watches. Older ones answer 410. */
const HISTORY = 5_000;

class Table {
  readonly rows = new Map<string, Map<string, ApiObject>>();
  readonly history: StorageEvent[] = [];
  readonly listeners = new Set<StorageListener>();
  /** Every event after this revision is in `history`. */
  floor = 0;

  namespace(namespace: string): Map<string, ApiObject> {
    let rows = this.rows.get(namespace);
    if (rows === undefined) this.rows.set(namespace, (rows = new Map()));
    return rows;
  }

  remember(event: StorageEvent): void {
    this.history.push(event);
    if (this.history.length < 2 * HISTORY) return;
    const dropped = this.history.splice(0, this.history.length - HISTORY);
    this.floor = dropped.at(-1)!.revision;
  }
}

/**
 * All objects, in memory, with one revision counter for every write as etcd has it. Stored objects are never changed
 * in place: whoever wants to change one copies it. Everything is synchronous, so a request is a transaction.
 */
export class Storage {
  readonly #tables = new Map<string, Table>();
  readonly #listeners = new Set<StorageListener>();
  #journal: Journal | undefined;
  #revision = 1;
  #compacted = 0;

  get revision(): number {
    return this.#revision;
  }

  get tables(): readonly string[] {
    return [...this.#tables.keys()];
  }

  #table(name: string): Table {
    let table = this.#tables.get(name);
    if (table === undefined) this.#tables.set(name, (table = new Table()));
    return table;
  }

  get(table: string, namespace: string, name: string): ApiObject | undefined {
    return this.#tables.get(table)?.rows.get(namespace)?.get(name);
  }

  /** Objects in the order of their keys; of all namespaces when `namespace` is undefined. */
  list(table: string, namespace?: string): ApiObject[] {
    const rows = this.#tables.get(table)?.rows;
    if (rows === undefined) return [];
    const spaces = namespace === undefined ? [...rows.keys()].sort(bySlashedKey) : [namespace];
    return spaces.flatMap((space) => [...(rows.get(space)?.values() ?? [])].sort(byName));
  }

  /** Objects of one namespace in no order, without the cost of one. */
  each(table: string, namespace: string): Iterable<ApiObject> {
    return this.#tables.get(table)?.rows.get(namespace)?.values() ?? [];
  }

  /** The list as it was at `revision`. Throws 410 when that is no longer known. */
  listAt(table: string, namespace: string | undefined, revision: number): ApiObject[] {
    const state = this.#table(table);
    if (revision < this.#compacted || revision < state.floor) {
      throw expired("The resourceVersion for the provided list is too old.");
    }
    const objects = new Map(this.list(table, namespace).map((object) => [keyOf(object), object]));
    for (const event of state.history.toReversed()) {
      if (event.revision <= revision) break;
      if (namespace !== undefined && event.object.metadata.namespace !== namespace) continue;
      if (event.previous === undefined) objects.delete(keyOf(event.object));
      else objects.set(keyOf(event.object), event.previous);
    }
    return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Adds or replaces. The object is stored as it is, with its new resourceVersion, and returned. */
  put(table: string, object: ApiObject): ApiObject {
    const rows = this.#table(table).namespace(object.metadata.namespace ?? "");
    const previous = rows.get(object.metadata.name);
    const revision = ++this.#revision;
    const stored = withRevision(object, revision);
    rows.set(object.metadata.name, stored);
    this.#publish({ type: previous === undefined ? "ADDED" : "MODIFIED", table, revision, object: stored, previous });
    return stored;
  }

  delete(table: string, object: ApiObject): void {
    const state = this.#table(table);
    const previous = state.namespace(object.metadata.namespace ?? "").get(object.metadata.name);
    if (previous === undefined) return;
    state.namespace(object.metadata.namespace ?? "").delete(object.metadata.name);
    const revision = ++this.#revision;
    this.#publish({ type: "DELETED", table, revision, object: withRevision(previous, revision), previous });
  }

  /** Events of `table` after `since`, oldest first. Throws 410 when some are forgotten. */
  eventsSince(table: string, since: number): readonly StorageEvent[] {
    const state = this.#table(table);
    if (since < state.floor) throw expired(`too old resource version: ${since} (${state.floor + 1})`);
    const first = state.history.findLastIndex((event) => event.revision <= since) + 1;
    return state.history.slice(first);
  }

  /** Forgets the history of one table, or of all: watches that start from before now get 410. */
  forgetHistory(table?: string): void {
    for (const name of table === undefined ? this.#tables.keys() : [table]) {
      const state = this.#table(name);
      state.history.length = 0;
      state.floor = this.#revision;
    }
  }

  /** From now on lists at a revision before the current one are refused, as after an etcd compaction. */
  compact(): void {
    this.#compacted = this.#revision;
  }

  /** Hears every write to `table`, or to all tables, in order and before the writer's request is answered. */
  subscribe(listener: StorageListener, table?: string): () => void {
    const listeners = table === undefined ? this.#listeners : this.#table(table).listeners;
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Takes over what a journal has kept, then records to it. Before any other use. */
  restore(objects: Iterable<readonly [table: string, object: ApiObject]>, revision: number, journal: Journal): void {
    for (const [table, object] of objects) {
      this.#table(table)
        .namespace(object.metadata.namespace ?? "")
        .set(object.metadata.name, object);
    }
    this.#revision = Math.max(this.#revision, revision);
    for (const table of this.#tables.values()) table.floor = this.#revision;
    this.#journal = journal;
  }

  #publish(event: StorageEvent): void {
    const table = this.#table(event.table);
    table.remember(event);
    this.#journal?.record(event.revision, event.table, event.object, event.type === "DELETED");
    for (const listener of table.listeners) listener(event);
    for (const listener of this.#listeners) listener(event);
  }
}

/** `namespace/name`, or `name` for what has no namespace. */
export function keyOf(object: ApiObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** In the order of keys `namespace/name`, where the slash counts: `a-b/x` comes before `a/x`. */
function bySlashedKey(a: string, b: string): number {
  return `${a}/` < `${b}/` ? -1 : 1;
}

function byName(a: ApiObject, b: ApiObject): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

function withRevision(object: ApiObject, revision: number): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
