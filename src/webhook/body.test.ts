import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "./body.ts";

describe("parseJson", () => {
  test.each([
    { name: "an object", text: '{"a":[1,{"b":null}]}', want: { ok: true, value: { a: [1, { b: null }] } } },
    { name: "brackets in strings", text: `["${"[".repeat(100)}"]`, want: { ok: true } },
    { name: "quotes in strings", text: `["\\"${"{".repeat(100)}\\\\"]`, want: { ok: true } },
    { name: "as deep as allowed", text: "[".repeat(64) + "]".repeat(64), want: { ok: true } },
    { name: "one deeper", text: "[".repeat(65) + "]".repeat(65), want: { error: { status: 400 } } },
    { name: "much deeper", text: '{"a":'.repeat(100_000), want: { error: { status: 400 } } },
    { name: "no JSON", text: "nothing", want: { error: { status: 400 } } },
    { name: "nothing", text: "", want: { error: { status: 400 } } },
    { name: "an endless string", text: `"${'\\"'.repeat(1_000_000)}`, want: { error: { status: 400 } } },
  ])("$name", ({ text, want }) => {
    expect(parseJson(text)).toMatchObject(want);
  });

  test("takes whatever JSON there is, unless it is too deep", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 10 }), (text) => {
        expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });
});
