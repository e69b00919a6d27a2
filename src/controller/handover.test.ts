import { expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import { Handover } from "./handover.ts";

function world() {
  const freed: string[] = [];
  return { freed, handover: new Handover((id) => freed.push(id)) };
}

const v4 = parseAddress("10.0.0.1")!;
const v6 = parseAddress("fd00::1")!;

test("who gets an address waits until all others have stopped showing it", () => {
  const { freed, handover } = world();
  expect(handover.obstacle("next", [v4, v6])).toBeUndefined();
  handover.setRemnants("a", [v4]);
  handover.setRemnants("b", [v6, v4]);
  expect(handover.obstacle("next", [v4, v6])).toEqual({ address: v4, service: "a" });
  handover.setRemnants("a", []);
  expect(freed).toEqual(["next"]);
  expect(handover.obstacle("next", [v4, v6])).toEqual({ address: v4, service: "b" });
  handover.setRemnants("b", [v6]);
  expect(handover.obstacle("next", [v4, v6])).toEqual({ address: v6, service: "b" });
  handover.forget("b");
  expect(freed).toEqual(["next", "next", "next"]);
  expect(handover.obstacle("next", [v4, v6])).toBeUndefined();
});

test("what a Service shows itself is not in its own way", () => {
  const { handover } = world();
  handover.setRemnants("a", [v4]);
  expect(handover.obstacle("a", [v4])).toBeUndefined();
});

test("nobody is told who has not asked, and nobody twice", () => {
  const { freed, handover } = world();
  handover.setRemnants("a", [v4]);
  handover.obstacle("next", [v4]);
  handover.obstacle("next", [v4]);
  handover.setRemnants("a", [v4]);
  expect(freed).toEqual([]);
  handover.setRemnants("a", []);
  handover.setRemnants("a", []);
  expect(freed).toEqual(["next"]);
});

test("in a circle the one that asks last goes ahead, and the others follow", () => {
  const { freed, handover } = world();
  const third = parseAddress("10.0.0.3")!;
  handover.setRemnants("a", [v4]);
  handover.setRemnants("b", [v6]);
  handover.setRemnants("c", [third]);
  expect(handover.obstacle("a", [v6])).toEqual({ address: v6, service: "b" });
  expect(handover.obstacle("b", [third])).toEqual({ address: third, service: "c" });
  expect(handover.obstacle("c", [v4])).toBeUndefined();
  handover.setRemnants("c", []);
  expect(freed).toEqual(["b"]);
  expect(handover.obstacle("b", [third])).toBeUndefined();
  handover.setRemnants("b", []);
  expect(freed).toEqual(["b", "a"]);
});
