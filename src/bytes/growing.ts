/** Bytes that arrive piece by piece. The room doubles as it fills, so that nothing is allocated for what never comes. */
export class GrowingBytes {
  readonly #limit: number;
  #bytes = new Uint8Array(0);
  #length = 0;

  /** `limit` is the most bytes that may be appended in all. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  /** Returns false, and takes nothing, when the limit would be passed. */
  append(part: Uint8Array): boolean {
    const length = this.#length + part.length;
    if (length > this.#limit) return false;
    if (length > this.#bytes.length) this.#widen(length);
    this.#bytes.set(part, this.#length);
    this.#length = length;
    return true;
  }

  /** A view of what came so far, valid until the next `append`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #widen(length: number): void {
    const wider = new Uint8Array(Math.min(this.#limit, Math.max(length, 1024, 2 * this.#bytes.length)));
    wider.set(this.view());
    this.#bytes = wider;
  }
}
