import fc from "fast-check";
import { expect, test } from "vitest";
import { configObject } from "../../test/support/config-objects.ts";
import { parseBfdProfiles } from "./parse-bfd-profiles.ts";

const DEFAULT = {
  receiveInterval: 300,
  transmitInterval: 300,
  detectMultiplier: 3,
  echoMode: false,
  echoInterval: 50,
  passiveMode: false,
  minimumTtl: 254,
};

test.each([
  ["nothing", undefined, DEFAULT],
  ["an empty spec", {}, DEFAULT],
  ["some", { receiveInterval: 10, echoMode: true }, { ...DEFAULT, receiveInterval: 10, echoMode: true }],
  [
    "the least of all",
    { receiveInterval: 10, transmitInterval: 10, detectMultiplier: 2, echoInterval: 10, minimumTtl: 1 },
    { ...DEFAULT, receiveInterval: 10, transmitInterval: 10, detectMultiplier: 2, echoInterval: 10, minimumTtl: 1 },
  ],
  [
    "the most of all",
    {
      receiveInterval: 60_000,
      transmitInterval: 60_000,
      detectMultiplier: 255,
      echoInterval: 60_000,
      passiveMode: true,
    },
    {
      ...DEFAULT,
      receiveInterval: 60_000,
      transmitInterval: 60_000,
      detectMultiplier: 255,
      echoInterval: 60_000,
      passiveMode: true,
    },
  ],
])("a profile with %s", (_, spec, want) => {
  expect(parseBfdProfiles([configObject("fast", spec)])).toEqual({ profiles: [{ name: "fast", ...want }], issues: [] });
});

test.each([
  ["detectMultiplier", 1],
  ["detectMultiplier", 256],
  ["receiveInterval", 9],
  ["receiveInterval", 60_001],
  ["transmitInterval", 9],
  ["transmitInterval", 60_001],
  ["echoInterval", 9],
  ["echoInterval", 60_001],
  ["minimumTtl", 0],
  ["minimumTtl", 255],
  ["receiveInterval", 10.5],
  ["receiveInterval", "300"],
])("%s of %j is refused", (field, value) => {
  const { profiles, issues } = parseBfdProfiles([configObject("fast", { [field]: value })]);
  expect(profiles).toEqual([]);
  expect(issues.map((issue) => [issue.kind, issue.object, issue.field])).toEqual([
    ["invalid", "BFDProfile metallb-system/fast", `spec.${field}`],
  ]);
});

test("names are unique and not empty", () => {
  const { issues } = parseBfdProfiles([configObject("a"), configObject("a"), configObject("")]);
  expect(issues.map(({ message }) => message)).toEqual([
    "a name is required",
    'duplicate definition of BFDProfile "a"',
  ]);
});

test("a profile that is accepted is within its bounds", () => {
  const number = fc.oneof(fc.integer({ min: -1, max: 300 }), fc.constantFrom(undefined, 60_000, 60_001, 1.5, "10"));
  const spec = fc.record({ receiveInterval: number, detectMultiplier: number, minimumTtl: number });
  fc.assert(
    fc.property(spec, (hostile) => {
      const { profiles, issues } = parseBfdProfiles([configObject("fast", hostile)]);
      expect(profiles.length === 1).toBe(issues.length === 0);
      for (const { receiveInterval, detectMultiplier, minimumTtl } of profiles) {
        expect(receiveInterval >= 10 && receiveInterval <= 60_000).toBe(true);
        expect(detectMultiplier >= 2 && detectMultiplier <= 255).toBe(true);
        expect(minimumTtl >= 1 && minimumTtl <= 254).toBe(true);
      }
    }),
  );
});
