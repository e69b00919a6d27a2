import { addressToBytes, familyOf } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";
import type { IpPrefix } from "../../ip/prefix.ts";
import type { Random } from "../../ports/random.ts";
import type { Update } from "../message.ts";

/**
 * How many prefixes a peer announces, by family. What is kept of a prefix is a number of 32 bits: two that share it are
 * counted once, which of a million routes is true of about a hundred. A limit on what a peer sends needs no more, and the
 * whole Internet takes 8 MB this way.
 */
export class PrefixTally {
  readonly #known: Readonly<Record<Family, HashSet>> = { IPv4: new HashSet(), IPv6: new HashSet() };
  /** Known to nobody, so that no peer can choose prefixes that share a number. */
  readonly #secret: number;

  constructor(random: Random) {
    this.#secret = Math.floor(random.next() * 2 ** 32);
  }

  get counts(): Readonly<Record<Family, number>> {
    return { IPv4: this.#known.IPv4.size, IPv6: this.#known.IPv6.size };
  }

  /** Withdrawn routes first (RFC 4271 §3.1: what is announced in the same message counts). */
  count(update: Update): void {
    const { withdrawn, announced, reach, unreach, revised } = update;
    for (const prefix of withdrawn) this.#remove(prefix);
    for (const prefix of unreach?.prefixes ?? []) this.#remove(prefix);
    // RFC 7606 §2.
    const isWithdrawn = revised?.treatAsWithdraw === true;
    for (const prefix of [...announced, ...(reach?.prefixes ?? [])]) {
      if (isWithdrawn) this.#remove(prefix);
      else this.#add(prefix);
    }
  }

  #add(prefix: IpPrefix): void {
    this.#known[familyOf(prefix.address)].add(hashOf(prefix, this.#secret));
  }

  #remove(prefix: IpPrefix): void {
    this.#known[familyOf(prefix.address)].delete(hashOf(prefix, this.#secret));
  }
}

/** FNV-1a with a last mixing, never 0. */
function hashOf({ address, length }: IpPrefix, secret: number): number {
  let hash = Math.imul(secret ^ length, 0x0100_0193);
  for (const byte of addressToBytes(address)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9_f3b3);
  return (hash ^ (hash >>> 15)) >>> 0 || 1;
}

const FIRST_SLOTS = 16;

/** Numbers from 1 to 2^32 - 1 by open addressing, 8 to 16 bytes each; 0 is a free slot. */
class HashSet {
  #slots = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(hash: number): void {
    if (2 * (this.#size + 1) > this.#slots.length) this.#grow();
    const at = this.#find(hash);
    if (this.#slots[at] === hash) return;
    this.#slots[at] = hash;
    this.#size++;
  }

  delete(hash: number): void {
    const at = this.#find(hash);
    if (this.#slots[at] !== hash) return;
    this.#slots[at] = 0;
    this.#size--;
    this.#closeGap(at);
  }

  /** Where it is, or where it belongs. */
  #find(hash: number): number {
    const mask = this.#slots.length - 1;
    let at = hash & mask;
    while (this.#slots[at] !== 0 && this.#slots[at] !== hash) at = (at + 1) & mask;
    return at;
  }

  /** Those behind the gap that had gone past it move up, or they would not be found again. */
  #closeGap(gap: number): void {
    const mask = this.#slots.length - 1;
    for (let at = (gap + 1) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const hash = this.#slots[at]!;
      this.#slots[at] = 0;
      this.#slots[this.#find(hash)] = hash;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (const hash of before) if (hash !== 0) this.#slots[this.#find(hash)] = hash;
  }
}
