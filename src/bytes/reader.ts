import { MalformedError, TruncatedError } from "../lib/errors.ts";

/**
 * Bounds-checked reader of network (big-endian) bytes. `need` is the only bounds check; every accessor goes
 * through it, so no read can be short. `bytes` returns a view into the input: copy it to keep it.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes have been read. */
  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#bytes[this.#need(1)]!;
  }

  u16(): number {
    const at = this.#need(2);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  u32(): number {
    const high = this.u16();
    return high * 0x1_0000 + this.u16();
  }

  bytes(length: number): Uint8Array {
    const at = this.#need(length);
    return this.#bytes.subarray(at, at + length);
  }

  skip(length: number): void {
    this.#need(length);
  }

  /** Fails unless every byte was consumed. */
  end(what: string): void {
    if (this.remaining !== 0) throw new MalformedError(`${what}: ${this.remaining} bytes left over`);
  }

  #need(length: number): number {
    const { remaining } = this;
    if (length > remaining) {
      const text = `truncated: needs ${length} bytes at offset ${this.#offset}, has ${remaining}`;
      throw new TruncatedError(text, length - remaining);
    }
    const at = this.#offset;
    this.#offset += length;
    return at;
  }
}
