/**
 * A set of numbers below 2^128 as a trie of 32-way nodes. Only used parts have nodes and children are packed, so memory
 * goes with the number of members, whatever the range: a /64 pool costs nothing until it is used, and an isolated
 * member costs one node per five bits. Nodes carry counts and full marks, so that the lowest absent number is found
 * without scanning.
 */
interface TrieNode {
  /** Bit per digit: the subtree has members. */
  present: number;
  /** Bit per digit: the subtree has all members it can have. -1 is all 32. */
  full: number;
  /** Members below this node. */
  count: number;
  /** Subtrees of the `present` digits, ascending. Unused at the lowest level, where `present` says it all. */
  children: TrieNode[];
}

const BITS = 5;
const ALL = -1;
const CHUNK_DIGITS = 6;
const CHUNK_BITS = BigInt(CHUNK_DIGITS * BITS);
const NO_CHILDREN: TrieNode[] = [];

export class OrdinalSet {
  readonly #size: bigint;
  readonly #depth: number;
  readonly #path: Uint8Array;
  readonly #root: TrieNode;

  /** For members below `size`. */
  constructor(size: bigint) {
    this.#size = size;
    this.#depth = digitsFor(size);
    this.#path = new Uint8Array(this.#depth);
    this.#root = newNode(this.#depth === 1);
  }

  get count(): number {
    return this.#root.count;
  }

  has(ordinal: bigint): boolean {
    this.#setPath(ordinal);
    let node = this.#root;
    for (let level = 0; level < this.#depth; level++) {
      const bit = 1 << this.#path[level]!;
      if ((node.present & bit) === 0) return false;
      if (level < this.#depth - 1) node = childAt(node, bit);
    }
    return true;
  }

  /** False when it was a member already. */
  add(ordinal: bigint): boolean {
    this.#setPath(ordinal);
    return this.#add(this.#root, 0);
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
      node = childAt(node, bit);
    }
    return ordinal < this.#size ? ordinal : undefined;
  }

  /**
   * The lowest member that is in none of `excluded`, each of which is a subset of this set and of the same size. A
   * subtree that one of them covers is skipped by its count, so one excluded set costs no more than the depth.
   */
  firstNotIn(excluded: readonly OrdinalSet[]): bigint | undefined {
    const others = excluded.map((set) => set.#root).filter((root) => root.count > 0);
    return firstOutside(this.#root, others, this.#depth, 0n);
  }

  #add(node: TrieNode, level: number): boolean {
    const bit = 1 << this.#path[level]!;
    if (level === this.#depth - 1) {
      if ((node.present & bit) !== 0) return false;
      node.present |= bit;
      node.full |= bit;
      node.count++;
      return true;
    }
    if ((node.present & bit) === 0) {
      node.children.splice(childIndex(node, bit), 0, newNode(level === this.#depth - 2));
      node.present |= bit;
    }
    const child = childAt(node, bit);
    if (!this.#add(child, level + 1)) return false;
    node.count++;
    if (child.full === ALL) node.full |= bit;
    return true;
  }

  #delete(node: TrieNode, level: number): boolean {
    const bit = 1 << this.#path[level]!;
    if ((node.present & bit) === 0) return false;
    if (level < this.#depth - 1) {
      const child = childAt(node, bit);
      if (!this.#delete(child, level + 1)) return false;
      if (child.count === 0) {
        node.children.splice(childIndex(node, bit), 1);
        node.present &= ~bit;
      }
    } else node.present &= ~bit;
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

function firstOutside(
  node: TrieNode,
  excluded: readonly TrieNode[],
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
    const below = excluded.filter((other) => (other.present & bit) !== 0).map((other) => childAt(other, bit));
    const found = firstOutside(childAt(node, bit), below, levels - 1, ordinal);
    if (found !== undefined) return found;
  }
  return undefined;
}

function newNode(lowest: boolean): TrieNode {
  return { present: 0, full: 0, count: 0, children: lowest ? NO_CHILDREN : [] };
}

function digitsFor(size: bigint): number {
  let digits = 1;
  for (let rest = (size - 1n) >> BigInt(BITS); rest > 0n; rest >>= BigInt(BITS)) digits++;
  return digits;
}

function childIndex(node: TrieNode, bit: number): number {
  return bitCount(node.present & (bit - 1));
}

function childAt(node: TrieNode, bit: number): TrieNode {
  return node.children[childIndex(node, bit)]!;
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
