/**
 * JSON text to data and back without loss: whole numbers of 64 bits that a double can't hold are bigints. Larger ones
 * become doubles, as a real API server reads them, and then fail as integers.
 */

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const WHOLE = /^-?\d+$/;
/** 2^53 has 16 digits: a text without so many in a row needs no second look. */
const LONG_NUMBER = /\d{16}/;

/** The type library does not know yet what a reviver gets third, nor `rawJSON`. */
type ExactJson = {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
};
const exact = JSON as unknown as ExactJson;

/** `JSON.parse` with exact integers. Throws a SyntaxError. */
export function parseJson(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as unknown;
  return exact.parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    return source !== undefined && WHOLE.test(source) ? integer(BigInt(source)) : value;
  });
}

/** A whole number in the form that all code here uses: a bigint only where it must be one. */
export function integer(value: bigint): bigint | number {
  const fits = value >= INT64_MIN && value <= INT64_MAX;
  return fits && !Number.isSafeInteger(Number(value)) ? value : Number(value);
}

/** `JSON.stringify` of data that may contain bigints. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (thrown) {
    // A bigint, which is rare: looking at every member would make all other answers pay for it.
    if (!(thrown instanceof TypeError)) throw thrown;
    return JSON.stringify(value, (_key, item: unknown) =>
      typeof item === "bigint" ? exact.rawJSON(item.toString()) : item,
    );
  }
}
