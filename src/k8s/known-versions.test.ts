import { describe, expect, test } from "vitest";
import { KnownVersions } from "./known-versions.ts";

describe("known versions", () => {
  test("only versions that differ are news", () => {
    const known = new KnownVersions();
    expect(known.set("a", "1")).toBe(true);
    expect(known.set("a", "1")).toBe(false);
    expect(known.set("a", "2")).toBe(true);
  });

  test("an object without a version is always news", () => {
    const known = new KnownVersions();
    expect(known.set("a", undefined)).toBe(true);
    expect(known.set("a", undefined)).toBe(true);
  });

  test("a complete list returns what it didn't bring, once", () => {
    const known = new KnownVersions();
    for (const key of ["a", "b", "c"]) known.set(key, "1");
    known.beginList();
    known.set("b", "1");
    known.set("d", "1");
    expect(known.endList()).toEqual(["a", "c"]);
    expect(known.endList()).toEqual([]);
    expect(known.size).toBe(2);
  });

  test("what a broken-off list brought doesn't count for the next", () => {
    const known = new KnownVersions();
    known.beginList();
    known.set("a", "1");
    known.beginList();
    known.set("b", "1");
    expect(known.endList()).toEqual(["a"]);
  });

  test("what is deleted during a list is not deleted again at its end", () => {
    const known = new KnownVersions();
    known.set("a", "1");
    known.beginList();
    expect(known.delete("a")).toBe(true);
    expect(known.delete("a")).toBe(false);
    expect(known.endList()).toEqual([]);
  });
});
