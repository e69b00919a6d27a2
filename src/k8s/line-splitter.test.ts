import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedError } from "../lib/errors.ts";
import { LineSplitter } from "./line-splitter.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("line splitter", () => {
  test("a line is delivered when its newline comes, an unfinished one never", () => {
    const splitter = new LineSplitter(100);
    expect(splitter.push(bytes("one\ntw"))).toEqual(["one"]);
    expect(splitter.push(bytes("o\n\n\nthr"))).toEqual(["two"]);
    expect(splitter.push(bytes("ee"))).toEqual([]);
  });

  test.each([
    { name: "in one chunk", chunks: [`${"x".repeat(11)}\n`] },
    { name: "over chunks", chunks: ["xxxxxx", "xxxxxx"] },
    { name: "without an end", chunks: ["x".repeat(11)] },
  ])("a line that is too long is refused: $name", ({ chunks }) => {
    const splitter = new LineSplitter(10);
    expect(() => chunks.forEach((chunk) => splitter.push(bytes(chunk)))).toThrow(MalformedError);
  });

  test("a line as long as allowed is taken", () => {
    expect(new LineSplitter(10).push(bytes("0123456789\n"))).toEqual(["0123456789"]);
  });

  test("property: however the stream is cut, the lines are the same", () => {
    const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\n", "") || "x");
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (lines, sizes) => {
        const stream = bytes(lines.map((text) => `${text}\n`).join(""));
        const splitter = new LineSplitter(1000);
        const got: string[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length]!;
          got.push(...splitter.push(stream.slice(at, at + size)));
          at += size;
        }
        expect(got).toEqual(lines.map((text) => text.toWellFormed()));
      }),
    );
  });
});
