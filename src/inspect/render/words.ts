/** `1 error`, `2 errors`; `plural` for words that don't just take an s. */
export function counted(count: number, word: string, plural = `${word}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? word : plural}`;
}

/** Makes control characters and changes of the writing direction visible; a terminal would obey them. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** Interfaces that an address is announced on. */
export function where(interfaces: "all" | readonly string[]): string {
  return interfaces === "all" ? "all interfaces" : interfaces.join(", ");
}
