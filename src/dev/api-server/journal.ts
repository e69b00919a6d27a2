import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ApiObject } from "./objects.ts";
import type { Journal } from "./storage.ts";
import { keyOf } from "./storage.ts";
import { parseJson, stringifyJson } from "./json-text.ts";

/** One line of the journal or of the snapshot. */
interface Entry {
  readonly revision: number;
  readonly table: string;
  readonly object: ApiObject;
  readonly deleted: boolean;
}

export interface KeptState {
  readonly objects: readonly (readonly [table: string, object: ApiObject])[];
  readonly revision: number;
}

/** Writes after which the journal is replaced by a snapshot, unless the state itself is larger. */
const COMPACT_AFTER = 10_000;

/**
 * Keeps the storage in a directory: a snapshot and a journal of the writes after it, both one JSON object per line.
 * A journal's last line may be torn by a crash; it is then ignored. A snapshot appears by renaming, complete or not at
 * all. Writes reach the kernel before their request is answered, so they survive a crash of this process.
 */
export class DiskJournal implements Journal {
  readonly #directory: string;
  readonly #state = new Map<string, readonly [table: string, object: ApiObject]>();
  #revision = 0;
  #file: number;
  #lines = 0;
  #closed = false;

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = directory;
    for (const entry of [...read(this.#path("snapshot")), ...read(this.#path("journal"))]) this.#apply(entry);
    this.#file = this.#snapshot();
  }

  get kept(): KeptState {
    return { objects: [...this.#state.values()], revision: this.#revision };
  }

  record(revision: number, table: string, object: ApiObject, deleted: boolean): void {
    if (this.#closed) return;
    const entry = { revision, table, object, deleted };
    this.#apply(entry);
    writeSync(this.#file, `${stringifyJson(entry)}\n`);
    this.#lines++;
    if (this.#lines < Math.max(COMPACT_AFTER, this.#state.size)) return;
    closeSync(this.#file);
    this.#file = this.#snapshot();
  }

  /** What is written after this is lost, as after a crash. */
  close(): void {
    this.#closed = true;
    fsyncSync(this.#file);
    closeSync(this.#file);
  }

  #path(name: "snapshot" | "journal" | "snapshot.new"): string {
    return join(this.#directory, `${name}.ndjson`);
  }

  #apply({ revision, table, object, deleted }: Entry): void {
    const key = `${table} ${keyOf(object)}`;
    if (deleted) this.#state.delete(key);
    else this.#state.set(key, [table, object]);
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Writes the whole state, then begins an empty journal. Returns the journal's file. */
  #snapshot(): number {
    const file = openSync(this.#path("snapshot.new"), "w", 0o600);
    for (const [table, object] of this.#state.values()) {
      writeSync(file, `${stringifyJson({ revision: this.#revision, table, object, deleted: false })}\n`);
    }
    fsyncSync(file);
    closeSync(file);
    renameSync(this.#path("snapshot.new"), this.#path("snapshot"));
    this.#lines = 0;
    return openSync(this.#path("journal"), "w", 0o600);
  }
}

function* read(path: string): Generator<Entry> {
  if (!existsSync(path)) return;
  const lines = readFileSync(path, "utf8").split("\n");
  for (const [i, line] of lines.entries()) {
    if (line === "") continue;
    try {
      yield parseJson(line) as Entry;
    } catch (thrown) {
      if (i < lines.length - 1)
        throw new Error(`${path}:${i + 1}: not JSON; restore or remove the file`, { cause: thrown });
    }
  }
}
