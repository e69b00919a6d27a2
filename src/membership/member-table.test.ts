import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { parseAddress } from "../ip/address.ts";
import { millis } from "../lib/duration.ts";
import { type MemberRecord, MemberTable } from "./member-table.ts";

function record(node: string): MemberRecord {
  return {
    node,
    endpoint: { address: parseAddress("2001:db8::1")!, port: 7946 },
    meta: new Uint8Array(),
    incarnation: 1,
    status: "alive",
    versions: undefined,
    changedAt: millis(0),
    suspicion: undefined,
  };
}

function tableOf(size: number, seed = 1): MemberTable {
  const table = new MemberTable(seededRandom(seed));
  for (let i = 0; i < size; i++) table.add(record(`n${i}`));
  return table;
}

const ANY = (): boolean => true;
const NONE = (): boolean => false;

test("every round has every member once, in another order", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer(), (size, seed) => {
      const table = tableOf(size, seed);
      for (let round = 0; round < 3; round++) {
        const seen = Array.from({ length: size }, () => table.nextInRound(ANY, NONE)!.node);
        expect(new Set(seen).size).toBe(size);
      }
    }),
  );
  const table = tableOf(20);
  const round = (): string => Array.from({ length: 20 }, () => table.nextInRound(ANY, NONE)!.node).join();
  expect(round()).not.toBe(round());
});

test("a round skips whom nobody wants, and ends when there is nobody else", () => {
  const table = tableOf(5);
  for (let i = 0; i < 12; i++) expect(table.nextInRound(({ node }) => node === "n3", NONE)?.node).toBe("n3");
  expect(table.nextInRound(NONE, NONE)).toBeUndefined();
  expect(new MemberTable(seededRandom(1)).nextInRound(ANY, NONE)).toBeUndefined();
});

test("who is forgotten at the start of a round is gone", () => {
  const table = tableOf(5);
  for (let i = 0; i < 5; i++) table.nextInRound(ANY, NONE);
  table.nextInRound(ANY, ({ node }) => node === "n1" || node === "n2");
  expect([...table.values()].map(({ node }) => node).toSorted()).toEqual(["n0", "n3", "n4"]);
  expect([table.size, table.get("n1"), table.get("n3")?.node]).toEqual([3, undefined, "n3"]);
});

test.each([5, 200])(
  "a draw from %i members gives different ones that are wanted, each as likely as the others",
  (size) => {
    const table = tableOf(size);
    const wanted = ({ node }: MemberRecord): boolean => !node.endsWith("0");
    const counts = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      const drawn = table.draw(3, wanted).map(({ node }) => node);
      expect(new Set(drawn).size).toBe(3);
      for (const node of drawn) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    const likely = size - Math.ceil(size / 10);
    expect([...counts.keys()].some((node) => node.endsWith("0"))).toBe(false);
    expect(counts.size).toBe(likely);
    const expected = (3 * 5000) / likely;
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected));
  },
);

test("a draw gives fewer when there are not so many", () => {
  expect(tableOf(2).draw(5, ANY)).toHaveLength(2);
  expect(tableOf(100).draw(5, ({ node }) => node === "n7")).toHaveLength(1);
  expect(tableOf(3).draw(0, ANY)).toEqual([]);
});
