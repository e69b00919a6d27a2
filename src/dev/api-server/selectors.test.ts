import { describe, expect, test } from "vitest";
import { parseFieldSelector, parseLabelSelector } from "./selectors.ts";

const object = {
  apiVersion: "v1",
  kind: "X",
  metadata: { name: "n", namespace: "s", labels: { a: "1", "x.io/b": "2" } },
  spec: { type: "T" },
};

test.each([
  { selector: null, matches: true },
  { selector: "", matches: true },
  { selector: "a=1", matches: true },
  { selector: "a == 1, x.io/b=2", matches: true },
  { selector: "a!=1", matches: false },
  { selector: "missing!=1", matches: true },
  { selector: "a in (1, 2)", matches: true },
  { selector: "a notin (1,2)", matches: false },
  { selector: "missing notin (1)", matches: true },
  { selector: "missing in (1)", matches: false },
  { selector: "a", matches: true },
  { selector: "!a", matches: false },
  { selector: "constructor", matches: false },
  { selector: "!missing,a", matches: true },
])("labels: $selector", ({ selector, matches }) => {
  expect(parseLabelSelector(selector)(object)).toBe(matches);
});

test.each(["!!", "=1", "a in 1", "a in (1", "a=b=c", "a b", ","])("labels: %s can't be parsed", (selector) => {
  expect(() => parseLabelSelector(selector)).toThrow(/unable to parse requirement/);
});

describe("fields", () => {
  const labels = { "spec.type": (o: { [field: string]: unknown }) => (o["spec"] as { type: string }).type };

  test.each([
    { selector: "metadata.name=n", matches: true },
    { selector: "metadata.name==n,metadata.namespace!=s", matches: false },
    { selector: "spec.type=T", matches: true },
    { selector: "spec.type!=T", matches: false },
  ])("$selector", ({ selector, matches }) => {
    expect(parseFieldSelector(selector, labels)(object)).toBe(matches);
  });

  test.each([
    { selector: "spec.foo=1", message: "field label not supported: spec.foo" },
    { selector: "constructor=1", message: "field label not supported: constructor" },
    { selector: "nonsense", message: "invalid selector" },
  ])("$selector is refused", ({ selector, message }) => {
    expect(() => parseFieldSelector(selector, labels)).toThrow(message);
  });
});
