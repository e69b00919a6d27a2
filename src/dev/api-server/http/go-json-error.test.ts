import fc from "fast-check";
import { expect, test } from "vitest";
import { goJsonError } from "./go-json-error.ts";

/** Messages of Go 1.24's encoding/json for the same texts. */
test.each([
  ["", "unexpected end of JSON input"],
  ["{", "unexpected end of JSON input"],
  ['{"a"', "unexpected end of JSON input"],
  ['"a', "unexpected end of JSON input"],
  ["{bad", "invalid character 'b' looking for beginning of object key string"],
  ["{'a':1}", String.raw`invalid character '\'' looking for beginning of object key string`],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["[1 2]", "invalid character '2' after array element"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
  ["{} x", "invalid character 'x' after top-level value"],
  ["nul!", "invalid character '!' in literal null (expecting 'l')"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\n"', String.raw`invalid character '\n' in string literal`],
  ["-a", "invalid character 'a' in numeric literal"],
])("%j: %s", (text, message) => {
  expect(goJsonError(text)).toBe(message);
});

test("it never complains about JSON, and always about what is none", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, cut) => {
      expect(goJsonError(text)).toBe("invalid JSON");
      const part = text.slice(0, cut % text.length);
      if (!parses(part)) expect(goJsonError(part)).not.toBe("invalid JSON");
    }),
  );
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
