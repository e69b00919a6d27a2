import { GrowingBytes } from "../../bytes/growing.ts";
import { MalformedError } from "../../lib/errors.ts";
import { RefusedError } from "./refusal.ts";

/**
 * LZW with 8-bit literals and codes packed from the least significant bit, as in GIF and Go's `compress/lzw`: codes
 * grow from 9 to 12 bits, 256 clears the table, 257 ends the data. Pure; inputs are not kept.
 */
const CLEAR = 256;
const END = 257;
const FIRST_CODE = 258;
const FIRST_WIDTH = 9;
const MAX_WIDTH = 12;
const TABLE_SIZE = 1 << MAX_WIDTH;
const NONE = -1;

/** Throws MalformedError for invalid or unfinished data, and RefusedError when more than `limit` bytes would come out. */
export function lzwDecompress(input: Uint8Array, limit: number): Uint8Array {
  const codes = new CodeReader(input);
  const table = new StringTable();
  const output = new GrowingBytes(limit);
  for (;;) {
    const code = codes.next(table.width);
    if (code === END) return output.view();
    if (code === CLEAR) table.clear();
    else if (!output.append(table.expand(code))) {
      throw new RefusedError("too-large", `more than ${limit} bytes after decompression`);
    }
  }
}

/** What codes stand for: the string of another code and one byte after it. */
class StringTable {
  readonly #prefix = new Uint16Array(TABLE_SIZE);
  readonly #suffix = new Uint8Array(TABLE_SIZE);
  readonly #string = new Uint8Array(TABLE_SIZE);
  #next = FIRST_CODE;
  #last = NONE;
  #width = FIRST_WIDTH;

  /** Bits of the next code. */
  get width(): number {
    return this.#width;
  }

  clear(): void {
    this.#next = FIRST_CODE;
    this.#last = NONE;
    this.#width = FIRST_WIDTH;
  }

  /** The string of `code`, valid until the next call. Learns a code for the last string and this one's first byte. */
  expand(code: number): Uint8Array {
    // The code that is about to be learnt is the last string and its own first byte.
    const learning = code === this.#next && this.#last !== NONE;
    if (code >= this.#next && !learning) throw new MalformedError(`LZW code ${code} stands for nothing`);
    let at = learning ? TABLE_SIZE - 1 : TABLE_SIZE;
    let rest = learning ? this.#last : code;
    for (; rest >= FIRST_CODE; rest = this.#prefix[rest]!) this.#string[--at] = this.#suffix[rest]!;
    this.#string[--at] = rest;
    if (learning) this.#string[TABLE_SIZE - 1] = rest;
    this.#learn(rest);
    this.#last = code;
    return this.#string.subarray(at);
  }

  /** A full table stays as it is until it is cleared. */
  #learn(first: number): void {
    if (this.#last === NONE || this.#next === TABLE_SIZE) return;
    this.#prefix[this.#next] = this.#last;
    this.#suffix[this.#next] = first;
    this.#next++;
    if (this.#next === 1 << this.#width && this.#width < MAX_WIDTH) this.#width++;
  }
}

class CodeReader {
  readonly #input: Uint8Array;
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  next(width: number): number {
    while (this.#count < width) {
      const byte = this.#input[this.#at++];
      if (byte === undefined) throw new MalformedError("LZW data without an end");
      this.#bits |= byte << this.#count;
      this.#count += 8;
    }
    const code = this.#bits & ((1 << width) - 1);
    this.#bits >>>= width;
    this.#count -= width;
    return code;
  }
}

/** The same bytes as Go's encoder writes. */
export function lzwCompress(input: Uint8Array): Uint8Array {
  const codes = new CodeWriter(input.length);
  const table = new CodeTable(input.length);
  let current = NONE;
  for (const byte of input) {
    const known = current === NONE ? byte : table.find(current, byte);
    if (known !== NONE) {
      current = known;
      continue;
    }
    const learnt = codes.put(current);
    if (learnt === NONE) table.clear();
    else table.add(learnt);
    current = byte;
  }
  return codes.finish(current);
}

/** The code of a string and the byte after it: a hash table with room for twice as many as there can be. */
class CodeTable {
  /** String and byte in the upper 20 bits, code in the lower 12; 0 is free. */
  readonly #slots: Uint32Array;
  readonly #hashShift: number;
  #key = 0;
  #slot = 0;

  constructor(inputLength: number) {
    const bits = 1 + Math.ceil(Math.log2(Math.min(TABLE_SIZE, inputLength + 1)));
    this.#slots = new Uint32Array(1 << bits);
    this.#hashShift = 32 - bits;
  }

  /** NONE: there is none, and `add` puts one here. */
  find(string: number, byte: number): number {
    this.#key = (string << 8) | byte;
    this.#slot = Math.imul(this.#key, 0x9e37_79b1) >>> this.#hashShift;
    for (;;) {
      const entry = this.#slots[this.#slot]!;
      if (entry === 0) return NONE;
      if (entry >>> MAX_WIDTH === this.#key) return entry & (TABLE_SIZE - 1);
      this.#slot = (this.#slot + 1) & (this.#slots.length - 1);
    }
  }

  add(code: number): void {
    this.#slots[this.#slot] = ((this.#key << MAX_WIDTH) | code) >>> 0;
  }

  clear(): void {
    this.#slots.fill(0);
  }
}

/** Packs codes, and keeps the width in step with the reader's table. */
class CodeWriter {
  readonly #output: Uint8Array;
  #at = 0;
  #bits = 0;
  #count = 0;
  #newest = END;
  #width = FIRST_WIDTH;

  /** In the worst case each byte costs 12 bits, and each 3,837 codes a clear. */
  constructor(inputLength: number) {
    this.#output = new Uint8Array(16 + Math.ceil(inputLength * 1.51));
    this.#pack(CLEAR);
  }

  /** Writes a string's code. Returns the code that this string and the byte after it get, or NONE: all are forgotten. */
  put(code: number): number {
    this.#pack(code);
    this.#newest++;
    if (this.#newest === 1 << this.#width) this.#width++;
    if (this.#newest < TABLE_SIZE - 1) return this.#newest;
    this.#pack(CLEAR);
    this.#newest = END;
    this.#width = FIRST_WIDTH;
    return NONE;
  }

  /** Writes the last string's code, if there is one, and the end. */
  finish(last: number): Uint8Array {
    if (last !== NONE) this.put(last);
    this.#pack(END);
    if (this.#count > 0) this.#output[this.#at++] = this.#bits;
    return this.#output.subarray(0, this.#at);
  }

  #pack(code: number): void {
    this.#bits |= code << this.#count;
    this.#count += this.#width;
    for (; this.#count >= 8; this.#count -= 8) {
      this.#output[this.#at++] = this.#bits;
      this.#bits >>>= 8;
    }
  }
}
