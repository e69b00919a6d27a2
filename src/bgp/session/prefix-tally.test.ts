import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { addressFromBytes } from "../../ip/address.ts";
import { formatPrefix, type IpPrefix } from "../../ip/prefix.ts";
import type { Update } from "../message.ts";
import { PrefixTally } from "./prefix-tally.ts";

const EMPTY: Update = { type: "update", withdrawn: [], announced: [] };

function v4(number: number, length = 32): IpPrefix {
  return { address: addressFromBytes(Uint8Array.of(10, number >>> 16, number >>> 8, number)), length };
}

function v6(number: number): IpPrefix {
  const bytes = new Uint8Array(16);
  bytes.set([0x20, 0x01, 0x0d, 0xb8]);
  new DataView(bytes.buffer).setUint32(12, number);
  return { address: addressFromBytes(bytes), length: 128 };
}

const NEXT_HOP = v6(0).address;

test("of both families, as a set of them would", () => {
  const update = fc.record({ withdraw: fc.boolean(), numbers: fc.array(fc.nat(40), { maxLength: 20 }) });
  fc.assert(
    fc.property(fc.array(update, { maxLength: 60 }), (updates) => {
      const tally = new PrefixTally(seededRandom(5));
      const model = new Set<string>();
      for (const { withdraw, numbers } of updates) {
        const classic = numbers.map((number) => v4(number));
        const prefixes = numbers.map((number) => v6(number));
        tally.count(
          withdraw
            ? { ...EMPTY, withdrawn: classic, unreach: { family: "IPv6", prefixes } }
            : { ...EMPTY, announced: classic, reach: { family: "IPv6", nextHop: NEXT_HOP, prefixes } },
        );
        for (const text of [...classic, ...prefixes].map((prefix) => formatPrefix(prefix))) {
          if (withdraw) model.delete(text);
          else model.add(text);
        }
      }
      expect(tally.counts).toEqual({ IPv4: model.size / 2, IPv6: model.size / 2 });
    }),
  );
});

test("lengths make different prefixes of one address", () => {
  const tally = new PrefixTally(seededRandom(5));
  tally.count({ ...EMPTY, announced: [v4(0, 24), v4(0, 25), v4(0, 24)] });
  expect(tally.counts.IPv4).toBe(2);
});

test("what is withdrawn and announced in one message is announced", () => {
  const tally = new PrefixTally(seededRandom(5));
  tally.count({ ...EMPTY, withdrawn: [v4(1)], announced: [v4(1)] });
  expect(tally.counts.IPv4).toBe(1);
});

test("what is announced with errors is withdrawn (RFC 7606)", () => {
  const tally = new PrefixTally(seededRandom(5));
  tally.count({ ...EMPTY, announced: [v4(1), v4(2)] });
  tally.count({ ...EMPTY, announced: [v4(1)], revised: { treatAsWithdraw: true, disabled: [], notes: ["bad"] } });
  expect(tally.counts.IPv4).toBe(1);
});

test("of 200,000 prefixes hardly one is lost, and all are gone in the end", () => {
  const tally = new PrefixTally(seededRandom(5));
  const all = Array.from({ length: 200_000 }, (_, i) => v4(i));
  tally.count({ ...EMPTY, announced: all });
  expect(tally.counts.IPv4).toBeGreaterThan(199_980);
  expect(tally.counts.IPv4).toBeLessThanOrEqual(200_000);
  tally.count({ ...EMPTY, withdrawn: all });
  expect(tally.counts.IPv4).toBe(0);
});
