import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, toHex } from "../../bytes/hex.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { AS_TRANS } from "../message.ts";
import type { AsPathSegment } from "../path-attributes.ts";
import { as4PathOf, decodeAsPath, encodeAsPath, mergeAs4Path } from "./as-path.ts";

const sequence = (...asns: readonly number[]): AsPathSegment => ({ is: "sequence", asns });
const set = (...asns: readonly number[]): AsPathSegment => ({ is: "set", asns });
const confederation = (...asns: readonly number[]): AsPathSegment => ({ is: "confed-sequence", asns });

describe("AS_PATH", () => {
  test.each([
    { what: "an empty one", path: [], two: "", four: "" },
    { what: "a sequence", path: [sequence(1, 65_535)], two: "0202 0001 ffff", four: "0202 00000001 0000ffff" },
    { what: "AS numbers of four bytes", path: [sequence(65_536)], two: "0201 5ba0", four: "0201 00010000" },
    {
      what: "every kind of segment",
      path: [confederation(1), { is: "confed-set", asns: [2] }, sequence(3), set(4, 5)],
      two: "0301 0001 0401 0002 0201 0003 0102 0004 0005",
      four: "0301 00000001 0401 00000002 0201 00000003 0102 00000004 00000005",
    },
  ] as const)("$what in two and four bytes", ({ path, two, four }) => {
    expect(encodeAsPath(path, 2)).toEqual(hex`${two}`);
    expect(encodeAsPath(path, 4)).toEqual(hex`${four}`);
    expect(decodeAsPath(new ByteReader(hex`${four}`), 4)).toEqual(path);
  });

  test("more than 255 AS numbers are several segments", () => {
    const asns = Array.from({ length: 600 }, (_, i) => i + 1);
    const decoded = decodeAsPath(new ByteReader(encodeAsPath([sequence(...asns)], 2)), 2);
    expect(decoded.map(({ asns }) => asns.length)).toEqual([255, 255, 90]);
    expect(decoded.flatMap(({ asns }) => asns)).toEqual(asns);
  });
});

describe("AS4_PATH (RFC 6793 §4.2)", () => {
  test.each([
    { what: "nothing to tell", path: [sequence(1, 2)], as4: undefined },
    { what: "one large AS number", path: [sequence(1, 70_000)], as4: [sequence(1, 70_000)] },
    { what: "one in a set", path: [sequence(1), set(70_000)], as4: [sequence(1), set(70_000)] },
    { what: "a confederation's is not told", path: [confederation(70_000), sequence(1)], as4: undefined },
    { what: "nor with others", path: [confederation(70_001), sequence(70_000)], as4: [sequence(70_000)] },
  ])("is written: $what", ({ path, as4 }) => {
    expect(as4PathOf(path)).toEqual(as4);
  });

  test.each([
    {
      what: "of the same length",
      path: [sequence(AS_TRANS, AS_TRANS)],
      as4: [sequence(70_000, 70_001)],
      merged: [sequence(70_000, 70_001)],
    },
    {
      what: "behind old speakers that joined",
      path: [sequence(1, 2, AS_TRANS, 3)],
      as4: [sequence(70_000, 3)],
      merged: [sequence(1, 2, 70_000, 3)],
    },
    {
      what: "in front of a set, which counts as one",
      path: [sequence(1, AS_TRANS), set(2, 3, 4)],
      as4: [sequence(70_000), set(2, 3, 4)],
      merged: [sequence(1, 70_000), set(2, 3, 4)],
    },
    {
      what: "behind a set that an old speaker made",
      path: [set(1, 2), sequence(AS_TRANS)],
      as4: [sequence(70_000)],
      merged: [set(1, 2), sequence(70_000)],
    },
    {
      what: "behind a confederation",
      path: [confederation(64_512), sequence(AS_TRANS)],
      as4: [sequence(70_000)],
      merged: [confederation(64_512), sequence(70_000)],
    },
    {
      what: "with a confederation in it, which has no place there",
      path: [sequence(AS_TRANS)],
      as4: [confederation(64_512), sequence(70_000)],
      merged: [sequence(70_000)],
    },
    {
      what: "behind so many that one segment can't hold all",
      path: [sequence(...Array<number>(200).fill(1)), sequence(...Array<number>(200).fill(AS_TRANS))],
      as4: [sequence(...Array<number>(200).fill(70_000))],
      merged: [sequence(...Array<number>(200).fill(1)), sequence(...Array<number>(200).fill(70_000))],
    },
    {
      what: "longer than the path: it is of no use",
      path: [sequence(AS_TRANS)],
      as4: [sequence(70_000, 70_001)],
      merged: [sequence(AS_TRANS)],
    },
  ])("is read: $what", ({ path, as4, merged }) => {
    expect(mergeAs4Path(path, as4)).toEqual(merged);
  });

  test("an old speaker between two new ones loses nothing", () => {
    const asns = fc.array(fc.integer({ min: 1, max: 0xffff_ffff }), { minLength: 1, maxLength: 8 });
    const segments = fc.array(
      fc.oneof(
        asns.map((list) => sequence(...list)),
        asns.map((list) => set(...list)),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const joined = fc.array(fc.integer({ min: 1, max: 0xffff }), { maxLength: 3 });
    fc.assert(
      fc.property(segments, joined, (path, older) => {
        const seen = decodeAsPath(new ByteReader(encodeAsPath(path, 2)), 2);
        const as4 = as4PathOf(path);
        const front = older.length === 0 ? [] : [sequence(...older)];
        const got = as4 === undefined ? [...front, ...seen] : mergeAs4Path([...front, ...seen], as4);
        expect(flat(got)).toEqual(flat([...front, ...path]));
      }),
    );
  });
});

/** Sequences in pieces or in one: the path is the same. */
function flat(path: readonly AsPathSegment[]): string {
  return path.map(({ is, asns }) => (is === "set" ? `{${asns.join()}}` : asns.join(" "))).join(" ");
}

test("no bytes make reading throw anything but that they are malformed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(2 as const, 4 as const), (bytes, size) => {
      try {
        const path = decodeAsPath(new ByteReader(bytes), size);
        expect(toHex(encodeAsPath(path, size))).toBe(toHex(bytes));
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: "malformed" });
      }
    }),
  );
});
