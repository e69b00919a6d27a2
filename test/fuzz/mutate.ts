import type { Random } from "../../src/ports/random.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Values that have broken parsers before, or that look like what is expected and are not. */
const NASTY: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 31) - 1,
  "",
  " ",
  "\u0000",
  "\ud800",
  "é̀",
  "__proto__",
  "10.0.0.0/8",
  "10.0.0.0/33",
  "10.0.0.0-9.0.0.0",
  "10.0.0.1-fd00::1",
  "::ffff:10.0.0.1",
  "::/0",
  "fd00::/-1",
  "fe80::1%eth0",
  "010.0.0.1",
  "1.2.3.4,1.2.3.4",
  "65536:1",
  "large:1:2:4294967296",
  "1:2:3:4:5:6",
  "9223372036854775807h",
  "-1ns",
  "1h1",
  "=,=",
  "a".repeat(5_000),
  "10.0.0.0/8,".repeat(2_000),
  "-".repeat(10_000),
  [],
  {},
  [[[[[[[[]]]]]]]],
  Array.from({ length: 300 }, (_, i) => `10.0.${i % 256}.0/24`),
  Array.from({ length: 300 }, () => ({ matchExpressions: [{ key: "a", operator: "In", values: ["b", "b"] }] })),
];

const FIELDS = ["spec", "metadata", "name", "labels", "addresses", "matchLabels", "peers", "values", "constructor", ""];

/** The value with one to four places changed; what it is made from is not touched. */
export function mutate(value: Json, random: Random): Json {
  let mutated = value;
  for (let left = 1 + pick(4, random); left > 0; left--) mutated = changeSomewhere(mutated, random);
  return mutated;
}

function changeSomewhere(value: Json, random: Random): Json {
  if (typeof value !== "object" || value === null || random.next() < 0.15) return changed(value, random);
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    if (list.length === 0) return [nasty(random)];
    const at = pick(list.length, random);
    return list.with(at, changeSomewhere(list[at]!, random));
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return withField(value, oneOf(FIELDS, random), nasty(random));
  const key = oneOf(keys, random);
  return withField(value, key, changeSomewhere((value as Readonly<Record<string, Json>>)[key]!, random));
}

function changed(value: Json, random: Random): Json {
  if (random.next() < 0.4) return nasty(random);
  if (typeof value === "string") return changedText(value, random);
  if (typeof value === "number") return oneOf([-value, value + 1, value * 1e10, value / 3], random);
  if (Array.isArray(value)) return changedList(value as readonly Json[], random);
  if (typeof value === "object" && value !== null) return changedFields(value, random);
  return nasty(random);
}

function changedText(text: string, random: Random): string {
  const at = pick(text.length + 1, random);
  const inserted = oneOf(["0", ":", "/", "-", ".", ",", " ", "é", text], random);
  return text.slice(0, at) + inserted + text.slice(at + pick(3, random));
}

function changedList(list: readonly Json[], random: Random): readonly Json[] {
  if (list.length === 0) return [nasty(random)];
  const at = pick(list.length, random);
  return oneOf([list.toSpliced(at, 1), [...list, ...list], [...list, list[at]!], list.toReversed()], random);
}

function changedFields(object: Json & object, random: Random): Json {
  const keys = Object.keys(object);
  if (keys.length === 0 || random.next() < 0.4) return withField(object, oneOf(FIELDS, random), nasty(random));
  const gone = oneOf(keys, random);
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== gone));
}

/** As JSON.parse makes them: `__proto__` is a field like any other. */
function withField(object: Json & object, key: string, value: Json): Json {
  return Object.fromEntries([...Object.entries(object).filter(([other]) => other !== key), [key, value]]);
}

function nasty(random: Random): Json {
  return oneOf(NASTY, random);
}

export function oneOf<T>(items: readonly T[], random: Random): T {
  return items[pick(items.length, random)]!;
}

function pick(below: number, random: Random): number {
  return Math.floor(random.next() * below);
}
