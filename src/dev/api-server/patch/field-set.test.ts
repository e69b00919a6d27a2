import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  difference,
  emptySet,
  fromFieldsV1,
  intersection,
  isEmptySet,
  members,
  pathText,
  sameSet,
  toFieldsV1,
  union,
  without,
} from "./field-set.ts";

const element = fc.constantFrom("f:a", "f:b", 'k:{"port":80,"protocol":"TCP"}', 'v:"x"', "i:0");
const tree = fc.letrec<{ node: object }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, fc.constant({}), fc.dictionary(element, tie("node"), { minKeys: 1, maxKeys: 3 })),
})).node;
const set = tree.map((fields) => fromFieldsV1(fields));

describe("field sets", () => {
  test("FieldsV1 and back", () => {
    fc.assert(
      fc.property(set, (a) => {
        expect(sameSet(fromFieldsV1(toFieldsV1(a)), a)).toBe(true);
      }),
    );
  });

  test("the laws of sets", () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const [inA, inB, inUnion, inIntersection, inDifference] = [
          a,
          b,
          union(a, b),
          intersection(a, b),
          difference(a, b),
        ].map((s) => new Set(members(s).map((path) => path.join(" "))));
        const all = [...inA!, ...inB!];
        expect(inUnion).toEqual(new Set(all));
        expect(inIntersection).toEqual(new Set(all.filter((path) => inA!.has(path) && inB!.has(path))));
        expect(inDifference).toEqual(new Set(all.filter((path) => !inB!.has(path))));
      }),
    );
  });

  test("a path goes with everything below it", () => {
    const fields = { "f:metadata": { "f:name": {}, "f:labels": { ".": {}, "f:a": {} } } };
    expect(toFieldsV1(without(fromFieldsV1(fields), ["f:metadata", "f:labels"]))).toEqual({
      "f:metadata": { "f:name": {} },
    });
    expect(isEmptySet(without(fromFieldsV1(fields), ["f:metadata"]))).toBe(true);
  });

  test.each<[string, unknown]>([
    ["no object", "x"],
    ["a list", [1]],
    ["unknown elements", { "x:a": {}, f: {} }],
    ["a key that is no JSON", { "k:{": {} }],
  ])("%s is the empty set", (_name, fields) => {
    expect(sameSet(fromFieldsV1(fields), emptySet())).toBe(true);
  });

  test("keys are the same in whatever order they were written", () => {
    const [a, b] = ['k:{"protocol":"TCP","port":80}', 'k:{"port":80,"protocol":"TCP"}'].map((key) =>
      fromFieldsV1({ [key]: {} }),
    );
    expect(sameSet(a!, b!)).toBe(true);
  });

  test.each([
    [["f:spec", "f:addresses"], ".spec.addresses"],
    [["f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:name"], '.spec.ports[port=80,protocol="TCP"].name'],
    [["f:metadata", "f:finalizers", 'v:"x/y"'], '.metadata.finalizers[="x/y"]'],
    [["f:a", "i:3"], ".a[3]"],
  ])("%j is written %s", (path, want) => {
    expect(pathText(path)).toBe(want);
  });
});
