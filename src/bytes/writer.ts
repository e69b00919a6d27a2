/** Big-endian writer over a caller-sized buffer. Overflow throws RangeError: the size is the caller's own arithmetic. */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
  }

  u8(value: number): this {
    this.#bytes[this.#take(1)] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#take(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  u32(value: number): this {
    return this.u16(Math.floor(value / 0x1_0000) & 0xffff).u16(value & 0xffff);
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#take(value.length));
    return this;
  }

  zeros(length: number): this {
    this.#take(length);
    return this;
  }

  finish(): Uint8Array {
    if (this.#offset !== this.#bytes.length) {
      throw new RangeError(`wrote ${this.#offset} of ${this.#bytes.length} bytes`);
    }
    return this.#bytes;
  }

  #take(length: number): number {
    const at = this.#offset;
    if (at + length > this.#bytes.length) throw new RangeError(`no room for ${length} bytes at ${at}`);
    this.#offset += length;
    return at;
  }
}
