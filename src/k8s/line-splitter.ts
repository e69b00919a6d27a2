import { MalformedError } from "../lib/errors.ts";

const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines of UTF-8 text. Characters may be split over chunks. What follows the last newline is
 * kept until it is complete; a stream that ends in the middle of a line never delivers it.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that `chunk` completes; empty lines are left out. Throws MalformedError when a line is too long. */
  push(chunk: Uint8Array): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      if (line !== "") lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  #complete(tail: Uint8Array): string {
    if (this.#pending.length === 0) return this.#decode(tail);
    this.#keep(tail);
    const whole = Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    return this.#decode(whole);
  }

  #keep(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#check(this.#pendingBytes);
  }

  #decode(bytes: Uint8Array): string {
    this.#check(bytes.length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  }

  #check(length: number): void {
    if (length > this.#maxBytes) throw new MalformedError(`a line is longer than ${this.#maxBytes} bytes`);
  }
}
