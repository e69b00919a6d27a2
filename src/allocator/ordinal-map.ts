/**
 * A map from numbers below 2^128 as a trie of 32-way nodes. Only used parts have nodes and children are packed, so
 * memory goes with the number of members, whatever the range: a /64 pool costs nothing until it is used, and an
 * isolated member costs one node per five bits. Nodes carry counts and full marks, so that the lowest absent number is
 * found without scanning, and numbers that are close together are close together in memory.
 */
interface TrieNode<V> {
  /** Bit per digit: the subtree has members. */
  present: number;
  /** Bit per digit: the subtree has all members it can have. -1 is all 32. */
  full: number;
  /** Members below this node. */
  count: number;
  /** Of the `present` digits, ascending: subtrees, or values at the lowest level. */
  readonly children: (TrieNode<V> | V)[];
}

const BITS = 5;
const ALL = -1;
const CHUNK_DIGITS = 6;
const CHUNK_BITS = BigInt(CHUNK_DIGITS * BITS);

/** Members without values. */
export type OrdinalSet = OrdinalMap<true>;

export class OrdinalMap<V> {
  readonly #size: bigint;
  readonly #depth: number;
  readonly #path: Uint8Array;
  readonly #root: TrieNode<V> = newNode();

  /** For members below `size`. */
  constructor(size: bigint) {
    this.#size = size;
    this.#depth = digitsFor(size);
    this.#path = new Uint8Array(this.#depth);
  }

  get count(): number {
    return this.#root.count;
  }

  get(ordinal: bigint): V | undefined {
    this.#setPath(ordinal);
    let node = this.#root;
    for (let level = 0; ; level++) {
      const bit = 1 << this.#path[level]!;
      if ((node.present & bit) === 0) return undefined;
      if (level === this.#depth - 1) return node.children[childIndex(node, bit)] as V;
      node = subtreeAt(node, bit);
    }
  }

  /** In the order of their ordinals. */
  values(): Iterable<V> {
    return valuesBelow(this.#root, this.#depth);
  }

  /** Adds a member, or replaces its value. */
  set(ordinal: bigint, value: V): void {
    this.#setPath(ordinal);
    this.#set(this.#root, 0, value);
  }

  /** False when it was not a member. */
  delete(ordinal: bigint): boolean {
    this.#setPath(ordinal);
    return this.#delete(this.#root, 0);
  }

  /** The lowest number below `size` that is not a member. */
  firstAbsent(): bigint | undefined {
    let node = this.#root;
    let ordinal = 0n;
    for (let level = 0; level < this.#depth; level++) {
      if (node.full === ALL) return undefined;
      const digit = lowestBit(~node.full);
      const bit = 1 << digit;
      ordinal = (ordinal << BigInt(BITS)) | BigInt(digit);
      if ((node.present & bit) === 0) {
        ordinal <<= BigInt((this.#depth - 1 - level) * BITS);
        break;
      }
      if (level < this.#depth - 1) node = subtreeAt(node, bit);
    }
    return ordinal < this.#size ? ordinal : undefined;
  }

  /**
   * The lowest member that is in none of `excluded`, each of which has a subset of these members and the same size. A
   * subtree that one of them covers is skipped by its count, so one excluded map costs no more than the depth.
   */
  firstNotIn(excluded: readonly OrdinalMap<V>[]): bigint | undefined {
    const others = excluded.map((map) => map.#root).filter((root) => root.count > 0);
    return firstOutside(this.#root, others, this.#depth, 0n);
  }

  /** True when it is a new member. */
  #set(node: TrieNode<V>, level: number, value: V): boolean {
    const bit = 1 << this.#path[level]!;
    const index = childIndex(node, bit);
    const isNew = (node.present & bit) === 0;
    if (level === this.#depth - 1) {
      if (isNew) node.children.splice(index, 0, value);
      else node.children[index] = value;
      if (isNew) addMember(node, bit, true);
      return isNew;
    }
    if (isNew) node.children.splice(index, 0, newNode());
    const child = node.children[index] as TrieNode<V>;
    if (!this.#set(child, level + 1, value)) return false;
    addMember(node, bit, child.full === ALL);
    return true;
  }

  #delete(node: TrieNode<V>, level: number): boolean {
    const bit = 1 << this.#path[level]!;
    if ((node.present & bit) === 0) return false;
    const child = level === this.#depth - 1 ? undefined : subtreeAt(node, bit);
    if (child !== undefined && !this.#delete(child, level + 1)) return false;
    if (child === undefined || child.count === 0) {
      node.children.splice(childIndex(node, bit), 1);
      node.present &= ~bit;
    }
    node.full &= ~bit;
    node.count--;
    return true;
  }

  /** Splits a number into base-32 digits, 30 bits at a time so that most of the work is on small integers. */
  #setPath(ordinal: bigint): void {
    let level = this.#depth;
    for (let rest = ordinal; level > 0; rest >>= CHUNK_BITS) {
      let chunk = Number(BigInt.asUintN(CHUNK_DIGITS * BITS, rest));
      for (let i = 0; i < CHUNK_DIGITS && level > 0; i++) {
        this.#path[--level] = chunk & 31;
        chunk >>>= BITS;
      }
    }
  }
}

function* valuesBelow<V>(node: TrieNode<V>, levels: number): Generator<V> {
  for (const child of node.children) {
    if (levels === 1) yield child as V;
    else yield* valuesBelow(child as TrieNode<V>, levels - 1);
  }
}

function firstOutside<V>(
  node: TrieNode<V>,
  excluded: readonly TrieNode<V>[],
  levels: number,
  prefix: bigint,
): bigint | undefined {
  if (excluded.some((other) => other.count === node.count)) return undefined;
  let digits = node.present;
  if (levels === 1) for (const other of excluded) digits &= ~other.present;
  for (; digits !== 0; digits &= digits - 1) {
    const digit = lowestBit(digits);
    const ordinal = (prefix << BigInt(BITS)) | BigInt(digit);
    if (levels === 1) return ordinal;
    const bit = 1 << digit;
    const below = excluded.filter((other) => (other.present & bit) !== 0).map((other) => subtreeAt(other, bit));
    const found = firstOutside(subtreeAt(node, bit), below, levels - 1, ordinal);
    if (found !== undefined) return found;
  }
  return undefined;
}

function newNode<V>(): TrieNode<V> {
  return { present: 0, full: 0, count: 0, children: [] };
}

function addMember(node: TrieNode<unknown>, bit: number, full: boolean): void {
  node.present |= bit;
  if (full) node.full |= bit;
  node.count++;
}

function digitsFor(size: bigint): number {
  let digits = 1;
  for (let rest = (size - 1n) >> BigInt(BITS); rest > 0n; rest >>= BigInt(BITS)) digits++;
  return digits;
}

function childIndex(node: TrieNode<unknown>, bit: number): number {
  return bitCount(node.present & (bit - 1));
}

/** Above the lowest level. */
function subtreeAt<V>(node: TrieNode<V>, bit: number): TrieNode<V> {
  return node.children[childIndex(node, bit)] as TrieNode<V>;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Hacker's Delight, §5-1. */
function bitCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x5555_5555);
  n = (n & 0x3333_3333) + ((n >>> 2) & 0x3333_3333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
