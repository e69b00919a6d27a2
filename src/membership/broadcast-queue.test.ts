import fc from "fast-check";
import { expect, test } from "vitest";
import { BroadcastQueue, type News, transmitLimit } from "./broadcast-queue.ts";

function dead(node: string, incarnation = 1): News {
  return { type: "dead", incarnation, node, from: "x" };
}

/** Sizes are the lengths of the names. */
function queueOf(...nodes: readonly string[]): BroadcastQueue {
  const queue = new BroadcastQueue(({ node }) => node.length);
  for (const node of nodes) queue.add(dead(node));
  return queue;
}

const a = "a".repeat(20);
const b = "b".repeat(20);
const c = "c".repeat(20);
const long = "l".repeat(60);

function nodes(news: readonly News[]): readonly string[] {
  return news.map(({ node }) => node);
}

test.each([
  [4, 0, 1],
  [4, 1, 4],
  [4, 9, 4],
  [4, 10, 8],
  [3, 99, 6],
  [4, 1000, 16],
  [0, 100, 1],
])("multiplier %i with %i members: news is sent %i times", (multiplier, members, want) => {
  expect(transmitLimit(multiplier, members)).toBe(want);
});

test("what was sent least often goes first, then what has waited longest", () => {
  const queue = queueOf(a, b, c);
  expect(nodes(queue.take(44, 2, 9))).toEqual([a, b]);
  expect(nodes(queue.take(44, 2, 9))).toEqual([c, a]);
  expect(nodes(queue.take(66, 2, 9))).toEqual([b, c, a]);
});

test("what doesn't fit is passed over, not lost", () => {
  const queue = queueOf(long, a);
  expect(nodes(queue.take(40, 2, 9))).toEqual([a]);
  expect(nodes(queue.take(100, 2, 9))).toEqual([long, a]);
  expect(nodes(queue.take(10, 2, 9))).toEqual([]);
});

test("news is forgotten after it was sent often enough", () => {
  const queue = queueOf(a);
  for (let i = 0; i < 4; i++) expect(queue.take(100, 2, 4)).toHaveLength(1);
  expect(queue.take(100, 2, 4)).toEqual([]);
  expect(queue.size).toBe(0);
});

test("newer news about a member replaces older news and starts afresh", () => {
  const queue = queueOf(a, b);
  queue.take(100, 2, 9);
  queue.add(dead(a, 2));
  expect(queue.size).toBe(2);
  expect(queue.take(22, 2, 9)).toEqual([dead(a, 2)]);
  queue.remove(a);
  expect([queue.has(a), queue.has(b)]).toEqual([false, true]);
});

test("every packet is within its budget, and all news is sent exactly as often as the limit says", () => {
  const sizes = fc.array(fc.integer({ min: 16, max: 200 }), { maxLength: 30 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 202, max: 1400 }), (sizes, limit, budget) => {
      const sizeOf = ({ node }: News): number => sizes[Number(node)]!;
      const queue = new BroadcastQueue(sizeOf);
      for (const i of sizes.keys()) queue.add(dead(String(i)));
      const sent = new Map<string, number>();
      while (queue.size > 0) {
        const news = queue.take(budget, 2, limit);
        expect(news.length).toBeGreaterThan(0);
        expect(news.reduce((sum, one) => sum + sizeOf(one) + 2, 0)).toBeLessThanOrEqual(budget);
        for (const { node } of news) sent.set(node, (sent.get(node) ?? 0) + 1);
      }
      expect([...sent.values()]).toEqual(sizes.map(() => limit));
    }),
  );
});
