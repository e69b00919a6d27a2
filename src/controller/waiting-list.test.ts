import fc from "fast-check";
import { expect, test } from "vitest";
import { WaitingList } from "./waiting-list.ts";

test("those who wait for a topic come by age, then by name, whatever happened before", () => {
  const change = fc.record({
    id: fc.constantFrom("a", "b", "c", "d"),
    since: fc.constantFrom("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    topics: fc.subarray(["x", "y", "z"]),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const list = new WaitingList();
      const model = new Map<string, { since: string; topics: readonly string[] }>();
      for (const { id, since, topics } of changes) {
        list.set(id, since, topics);
        if (topics.length === 0) model.delete(id);
        else model.set(id, { since, topics });
      }
      expect(list.size).toBe(model.size);
      for (const topic of ["x", "y", "z"]) {
        const waiting = [...model].filter(([, { topics }]) => topics.includes(topic));
        const keys = waiting.map(([id, { since }]) => `${since} ${id}`).sort();
        expect(list.waitingFor(topic)).toEqual(keys.map((key) => key.split(" ")[1]));
      }
    }),
  );
});
