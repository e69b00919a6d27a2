/**
 * Writes structs as go-msgpack 0.5 does: a map of field names in byte order, the shortest form of each integer, strings
 * and bytes alike in the `raw` forms from before MessagePack had `str8` and `bin`. All ages of memberlist read this.
 */
type FieldValue = number | boolean | string | Uint8Array | null;

/**
 * Fields by name, in the order in which they are written; undefined is left out, null is Go's nil. Integers are
 * unsigned, up to 32 bits.
 */
export type FieldValues = Readonly<Record<string, FieldValue | undefined>>;

const UTF8 = new TextEncoder();

const FIRST_ROOM = 256;

/** A message that grows as it is written. */
export class MessageWriter {
  #bytes = new Uint8Array(FIRST_ROOM);
  #length = 0;

  u8(value: number): this {
    const at = this.#take(1);
    this.#bytes[at] = value;
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  struct(fields: FieldValues): this {
    const head = this.#take(1);
    let count = 0;
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined) continue;
      this.#text(name);
      this.#value(value);
      count++;
    }
    this.#bytes[head] = 0x80 | count;
    return this;
  }

  /** A view; nothing is to be written after this. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #value(value: FieldValue): void {
    if (value === null) this.u8(0xc0);
    else if (typeof value === "number") this.#integer(value);
    else if (typeof value === "boolean") this.u8(value ? 0xc3 : 0xc2);
    else if (typeof value === "string") this.#text(value);
    else this.#rawHeader(value.length).bytes(value);
  }

  #integer(value: number): void {
    if (value <= 0x7f) this.u8(value);
    else if (value <= 0xff) this.u8(0xcc).u8(value);
    else if (value <= 0xffff) this.u8(0xcd).#u16(value);
    else this.u8(0xce).#u32(value);
  }

  /** Names are short and ASCII nearly always, and then need no encoder. */
  #text(text: string): void {
    const { length } = text;
    if (length > 31) return this.#encodedText(text);
    const at = this.#take(1 + length);
    this.#bytes[at] = 0xa0 | length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#length = at;
        return this.#encodedText(text);
      }
      this.#bytes[at + 1 + i] = code;
    }
  }

  #encodedText(text: string): void {
    const bytes = UTF8.encode(text);
    this.#rawHeader(bytes.length).bytes(bytes);
  }

  #rawHeader(length: number): this {
    if (length <= 31) return this.u8(0xa0 | length);
    return length <= 0xffff ? this.u8(0xda).#u16(length) : this.u8(0xdb).#u32(length);
  }

  #u16(value: number): this {
    return this.u8(value >>> 8).u8(value & 0xff);
  }

  #u32(value: number): this {
    return this.#u16(value >>> 16).#u16(value & 0xffff);
  }

  /** Where the next bytes go. May replace `#bytes`: to be called before that is looked at. */
  #take(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    return at;
  }
}
