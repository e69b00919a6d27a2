import { describe, expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import type { Refusal } from "./refusal.ts";
import { explainRefusal, refusalReason, refusingService } from "./refusal.ts";

const v4 = parseAddress("10.0.0.1")!;
const v6 = parseAddress("fd00::1")!;

describe("explainRefusal", () => {
  test.each<{ refusal: Refusal; text: string }>([
    {
      refusal: { code: "port-conflict", address: v6, port: "TCP/80", other: "shop/web" },
      text: "port conflict on fd00::1: TCP/80 is in use by shop/web; use another port or another address",
    },
    {
      refusal: { code: "sharing-key-conflict", address: v4, key: "a", other: "shop/web", otherKey: "b" },
      text: 'sharing key conflict on 10.0.0.1: the key is "a", but shop/web has "b"; use the same key on both, or another address',
    },
    {
      refusal: { code: "backend-conflict", address: v4, key: "a", other: "shop/web" },
      text: 'backend conflict on 10.0.0.1: shop/web has the key "a" too, but not the same backends; use externalTrafficPolicy Cluster on both, or Local with the same selector, or another address',
    },
    {
      refusal: { code: "address-in-use", address: v4, other: "shop/web", keyless: false },
      text: "address conflict: 10.0.0.1 is in use by shop/web; set metallb.io/allow-shared-ip on shop/web too, or use another address",
    },
    {
      refusal: { code: "pool-exhausted", families: ["IPv4", "IPv6"], pools: ["a", "b"], poolCount: 2 },
      text: "no free IPv4 and IPv6 address pair in pools a, b; extend the pool, release an address, or share one",
    },
    {
      refusal: {
        code: "family-not-in-pools",
        families: ["IPv6"],
        pools: ["p0", "p1", "p2"],
        poolCount: 10,
      },
      text: "no IPv6 addresses in pools p0, p1, p2 and 7 more; add a range of that family to the pool",
    },
  ])("$refusal.code", ({ refusal, text }) => {
    expect(explainRefusal(refusal)).toBe(text);
  });

  test("what users wrote is quoted, and cut when it is long", () => {
    const refusal: Refusal = { code: "request-malformed", field: "x", value: `"\n${"a".repeat(1000)}`, problem: "no" };
    expect(explainRefusal(refusal)).toMatch(/^x is "\\"\\na{254}…": no; correct x$/);
  });
});

test("reasons are spelled as the API spells them, and name the Service in the way", () => {
  expect(refusalReason("addresses-in-two-pools")).toBe("AddressesInTwoPools");
  expect(refusingService({ code: "backend-conflict", address: v4, key: "k", other: "a/b" })).toBe("a/b");
  expect(refusingService({ code: "no-pools" })).toBeUndefined();
});
