import fc from "fast-check";
import { expect, test } from "vitest";
import { firstOwner, ownerOrder } from "./election.ts";

/** Orders seen with MetalLB 0.16.1. */
test.each([
  ["10.0.0.1", ["node-b", "node-a", "node-c"]],
  ["10.0.0.2", ["node-b", "node-c", "node-a"]],
  ["10.20.30.1", ["edge-b", "worker-a", "edge-a", "worker-b"]],
  ["10.20.30.1", ["iris2", "iris1"]],
  ["10.20.30.2", ["iris1", "iris2"]],
])("%s is offered to %j in this order, however the nodes are listed", (ip, want) => {
  expect(ownerOrder([...want].sort(), ip)).toEqual(want);
  expect(ownerOrder([...want].sort().reverse(), ip)).toEqual(want);
});

test("the order is a permutation, and taking a node away leaves the order of the others", () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(names, fc.constantFrom("10.0.0.1", "fd00::1"), (nodes, ip) => {
      const order = ownerOrder(nodes, ip);
      expect([...order].sort()).toEqual([...nodes].sort());
      expect(firstOwner(nodes, ip)).toBe(order[0]);
      const rest = nodes.slice(1);
      expect(ownerOrder(rest, ip)).toEqual(order.filter((node) => node !== nodes[0]));
    }),
  );
});
