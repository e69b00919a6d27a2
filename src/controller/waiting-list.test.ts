import fc from "fast-check";
import { expect, test } from "vitest";
import { WaitingList } from "./waiting-list.ts";

test("those who wait for some topics come once each by age, then by name, whatever happened before", () => {
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
      for (const wanted of [["x"], ["y", "z"], ["z", "y", "x"], ["other"]]) {
        const waiting = [...model].filter(([, { topics }]) => topics.some((topic) => wanted.includes(topic)));
        const keys = waiting.map(([id, { since }]) => `${since} ${id}`).sort();
        expect(visit(list, wanted)).toEqual(keys.map((key) => key.split(" ")[1]));
      }
    }),
  );
});

test("who comes to the list while it is visited is met if it is younger than the last", () => {
  const list = new WaitingList();
  list.set("b", "2025", ["x"]);
  const seen = visit(list, ["x"], (id) => {
    if (id !== "b") return;
    list.set("b", "2025", []);
    list.set("a", "2024", ["x"]);
    list.set("c", "2026", ["x"]);
  });
  expect(seen).toEqual(["b", "c"]);
});

function visit(list: WaitingList, topics: readonly string[], act: (id: string) => void = () => {}): string[] {
  const seen: string[] = [];
  for (let last = list.next(topics); last !== undefined; last = list.next(topics, last)) {
    seen.push(last.id);
    act(last.id);
  }
  return seen;
}
