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

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** `0.4 s ago`, `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`. */
export function formatAgo(secondsAgo: number): string {
  if (secondsAgo < 10) return `${secondsAgo.toFixed(1)} s ago`;
  if (secondsAgo < 2 * MINUTE) return `${Math.round(secondsAgo)} s ago`;
  if (secondsAgo < 2 * HOUR) return `${Math.round(secondsAgo / MINUTE)} min ago`;
  return secondsAgo < 2 * DAY ? `${Math.round(secondsAgo / HOUR)} h ago` : `${Math.round(secondsAgo / DAY)} d ago`;
}
