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
  return `${formatSpan(secondsAgo)} ago`;
}

/** `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`. */
export function formatSpan(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < 2 * HOUR) return `${Math.round(seconds / MINUTE)} min`;
  return seconds < 2 * DAY ? `${Math.round(seconds / HOUR)} h` : `${Math.round(seconds / DAY)} d`;
}
