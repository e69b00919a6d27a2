import { expect, test } from "vitest";
import { fuzzConfiguration } from "../fuzz/configuration.ts";
import { validateConfig } from "../../src/config/validate.ts";
import { CONFIG_SEEDS } from "../fuzz/seeds.ts";
import type { ConfigObjects } from "../../src/config/validate.ts";

test("the objects that mutation starts from are valid together", () => {
  const objects = Object.fromEntries(Object.entries(CONFIG_SEEDS).map(([list, seed]) => [list, [seed]]));
  expect(validateConfig(objects as unknown as ConfigObjects)).toEqual([]);
});

test("no mutated object or annotation makes anything throw, hang or talk without end", () => {
  const { cases, refused, longestMessage, slowestMilliseconds } = fuzzConfiguration(
    5_000,
    Number(process.env["METALLB_SEED"] ?? 1),
  );
  // Not all survive, not all are refused: else the mutations would not be worth their name.
  expect(refused / cases).toBeGreaterThan(0.2);
  expect(refused / cases).toBeLessThan(0.99);
  expect(longestMessage).toBeLessThan(4_096);
  expect(slowestMilliseconds).toBeLessThan(5_000);
});
