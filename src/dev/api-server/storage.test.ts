import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApiObject } from "./objects.ts";
import type { StorageEvent } from "./storage.ts";
import { Storage, keyOf } from "./storage.ts";

function object(namespace: string, name: string, value = 0): ApiObject {
  return { apiVersion: "v1", kind: "X", metadata: { namespace, name }, value };
}

const WRITE = fc.record({
  namespace: fc.constantFrom("a", "a-b", "b"),
  name: fc.constantFrom("x", "y"),
  value: fc.nat(3),
  remove: fc.boolean(),
});

describe("whatever is written", () => {
  test("events replay to the state, and the state at any revision is what it was", () => {
    fc.assert(
      fc.property(fc.array(WRITE, { maxLength: 40 }), (writes) => {
        const storage = new Storage();
        const events: StorageEvent[] = [];
        storage.subscribe((event) => events.push(event), "xs");
        const states = new Map([[storage.revision, storage.list("xs")]]);
        for (const { namespace, name, value, remove } of writes) {
          if (remove) storage.delete("xs", object(namespace, name));
          else storage.put("xs", object(namespace, name, value));
          states.set(storage.revision, storage.list("xs"));
        }
        for (const [revision, state] of states) expect(storage.listAt("xs", undefined, revision)).toEqual(state);
        expect(storage.eventsSince("xs", 1)).toEqual(events);
        const replayed = new Map<string, ApiObject>();
        for (const event of events) {
          if (event.type === "DELETED") replayed.delete(keyOf(event.object));
          else replayed.set(keyOf(event.object), event.object);
        }
        const sorted = [...replayed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
        expect(storage.list("xs")).toEqual(sorted);
      }),
    );
  });
});

test("revisions are shared by all tables, and events go only to their own", () => {
  const storage = new Storage();
  const seen: string[] = [];
  storage.subscribe(({ table, revision }) => seen.push(`${table} ${revision}`), "xs");
  storage.put("xs", object("a", "1"));
  storage.put("ys", object("a", "1"));
  storage.put("xs", object("a", "2"));
  expect(seen).toEqual(["xs 2", "xs 4"]);
});

test("history is bounded: what is forgotten answers 410", () => {
  const storage = new Storage();
  for (let i = 0; i < 10_001; i++) storage.put("xs", object("a", "x", i));
  expect(() => storage.eventsSince("xs", 2)).toThrow(/too old resource version/);
  expect(storage.eventsSince("xs", storage.revision - 1)).toHaveLength(1);
  expect(() => storage.listAt("xs", undefined, 2)).toThrow(/too old/);
});

test("deleting what isn't there is no write", () => {
  const storage = new Storage();
  storage.delete("xs", object("a", "x"));
  expect(storage.revision).toBe(1);
});
