/** Bytes as lower-case hex without separators. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Hex to bytes, for golden tables: white space and `//` comments are dropped. Throws RangeError on anything else. */
export function hex(strings: TemplateStringsArray, ...values: readonly (string | number)[]): Uint8Array {
  const text = String.raw({ raw: strings }, ...values)
    .replaceAll(/\/\/[^\n]*/g, "")
    .replaceAll(/\s/g, "");
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new RangeError(`not hex: ${text}`);
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
