import { concatBytes } from "../../src/bytes/concat.ts";
import type { Random } from "../../src/ports/random.ts";

export interface MutatorOptions {
  /** Bytes that mean something to the decoder. */
  readonly spice: readonly number[];
  /** What halves of other inputs are taken from; may grow after construction. */
  readonly others: readonly Uint8Array[];
}

/** Changes bytes at random: flips, replaces, inserts, cuts, appends, joins with another input, or makes them all noise. */
export class ByteMutator {
  readonly #random: Random;
  readonly #mutations: readonly ((bytes: Uint8Array) => Uint8Array)[];

  constructor(random: Random, { spice, others }: MutatorOptions) {
    this.#random = random;
    this.#mutations = [
      (bytes) => {
        const at = this.below(bytes.length);
        return bytes.with(at, bytes[at]! ^ (1 << this.below(8)));
      },
      (bytes) => bytes.with(this.below(bytes.length), this.pick(spice)),
      (bytes) => bytes.slice(0, this.below(bytes.length)),
      (bytes) => concatBytes([bytes, this.noise(this.below(40))]),
      (bytes) => {
        const at = this.below(bytes.length);
        return concatBytes([bytes.subarray(0, at), Uint8Array.of(this.pick(spice)), bytes.subarray(at)]);
      },
      (bytes) => {
        const other = this.pick(others);
        return concatBytes([bytes.subarray(0, this.below(bytes.length)), other.subarray(this.below(other.length))]);
      },
      (bytes) => this.noise(bytes.length),
    ];
  }

  /** One change to `most`; what is given is not touched. */
  mutate(given: Uint8Array, most = 4): Uint8Array {
    let bytes = given;
    for (let i = this.below(most); i >= 0 && bytes.length > 0; i--) bytes = this.pick(this.#mutations)(bytes);
    return bytes;
  }

  noise(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
