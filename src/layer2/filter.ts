/**
 * Socket filters (classic BPF, Linux `struct sock_filter`) that let only requests for owned addresses through, and frames in
 * which somebody else claims one, so that foreign traffic costs no user-space work. Pure: programs are bytes for SO_ATTACH_FILTER, in host order of the
 * little-endian machines that we run on (x86-64, arm64).
 */
import type { IpAddress } from "../ip/address.ts";
import type { FrameKind } from "../ports/frames.ts";
import { ARP_OPERATION } from "./packet/arp.ts";
import { NEXT_HEADER_ICMPV6 } from "./packet/ipv6.ts";
import { ICMPV6_TYPE } from "./packet/ndp.ts";

/** One instruction: opcode, jump if true, jump if false, operand. Jumps count from the next instruction. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];

/** linux/bpf_common.h. */
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_OR_EQUAL = 0x35;
const RETURN = 0x06;

/** BPF_MAXINSNS: the kernel takes no longer program. */
const LONGEST = 4096;
const ACCEPT: Instruction = [RETURN, 0, 0, 0xffff];
/** More instructions than any program has beside its searches, with the check of the interface that goes before it. */
const MOST_BESIDE = 32;
const REJECT: Instruction = [RETURN, 0, 0, 0];

/** How many addresses a leaf of the search compares one by one. */
const LEAF = 8;

/** Offsets into the frame. */
const ARP = { OPERATION: 20, SENDER: 28, TARGET: 38 } as const;
const NDP = { NEXT_HEADER: 20, HOP_LIMIT: 21, TYPE_AND_CODE: 54, TARGET_END: 74 } as const;

const ARP_LOAD: Instruction = [LOAD_HALF, 0, 0, ARP.OPERATION];
const ARP_SENDER: Instruction = [LOAD_WORD, 0, 0, ARP.SENDER];
const ARP_TARGET: Instruction = [LOAD_WORD, 0, 0, ARP.TARGET];

/** A kind of program, how many searches for an address it has, and how to build it for sorted words. */
interface Program {
  readonly searches: number;
  readonly build: (words: Uint32Array) => readonly Instruction[];
}

/** Every frame of the kind. */
const WIDE: Readonly<Record<FrameKind, Uint8Array>> = {
  arp: assemble([...arpOperations(), ACCEPT]),
  ndp: assemble([...neighborMessages(), ACCEPT]),
};

/**
 * Programs for the addresses, the best first. The last one lets every frame of the kind through; it and those before it
 * are for when a better one is too long for the kernel, or for its memory for socket options. It is always the same
 * object, so that whoever has it attached can tell that it stays.
 */
export function filterPrograms(kind: FrameKind, addresses: ReadonlySet<IpAddress>): readonly Uint8Array[] {
  if (addresses.size === 0) return [assemble([REJECT])];
  // An address takes one instruction at least.
  if (addresses.size > LONGEST) return [WIDE[kind]];
  const words = lowWords(addresses);
  const programs = kind === "arp" ? ARP_PROGRAMS : NDP_PROGRAMS;
  const fitting = programs.filter(({ searches }) => searches * searchLength(words.length) <= LONGEST - MOST_BESIDE);
  return [...fitting.map(({ build }) => assemble(build(words))), WIDE[kind]];
}

/**
 * Requests for the addresses, and any frame that has one of them as its sender. A classic program can't look up two words
 * in one tree, so that takes two; half as long is one that misses a claim in a request for something else.
 */
const ARP_PROGRAMS: readonly Program[] = [
  {
    searches: 2,
    build: (words) => {
      const program = [...arpOperations(), ARP_SENDER];
      search(program, words, 0);
      program.push(ARP_LOAD, ...require(ARP_OPERATION.REQUEST), ARP_TARGET);
      search(program, words);
      return program;
    },
  },
  {
    searches: 1,
    build: (words) => {
      const { REQUEST, REPLY } = ARP_OPERATION;
      const either: Instruction[] = [[JUMP_EQUAL, 4, 0, REPLY], ...require(REQUEST), ARP_TARGET, [JUMP, 0, 0, 1]];
      const program = [ARP_LOAD, ...either, ARP_SENDER];
      search(program, words);
      return program;
    },
  },
];

/** Requests and replies; reverse ARP has other operations. */
function arpOperations(): Instruction[] {
  return [ARP_LOAD, [JUMP_EQUAL, 2, 0, ARP_OPERATION.REQUEST], ...require(ARP_OPERATION.REPLY)];
}

/** Solicitations of the addresses, and advertisements that claim one: both have it as their target. */
const NDP_PROGRAMS: readonly Program[] = [
  {
    searches: 1,
    build: (words) => {
      const program: Instruction[] = [...neighborMessages(), [LOAD_WORD, 0, 0, NDP.TARGET_END]];
      search(program, words);
      return program;
    },
  },
];

/** Hop limit 255 is RFC 4861's proof that a packet was not forwarded; here it saves waking up for one that was. */
function neighborMessages(): Instruction[] {
  return [
    [LOAD_BYTE, 0, 0, NDP.NEXT_HEADER],
    ...require(NEXT_HEADER_ICMPV6),
    [LOAD_BYTE, 0, 0, NDP.HOP_LIMIT],
    ...require(255),
    [LOAD_HALF, 0, 0, NDP.TYPE_AND_CODE],
    [JUMP_EQUAL, 2, 0, ICMPV6_TYPE.NEIGHBOR_SOLICITATION << 8],
    ...require(ICMPV6_TYPE.NEIGHBOR_ADVERTISEMENT << 8),
  ];
}

function require(value: number): Instruction[] {
  return [[JUMP_EQUAL, 1, 0, value], REJECT];
}

/** Only the low 32 bits are compared: exact for IPv4, and near enough for IPv6, since the responder checks the whole. */
function lowWords(addresses: ReadonlySet<IpAddress>): Uint32Array {
  const words = new Set<number>();
  for (const address of addresses) words.add(Number(address & 0xffff_ffffn));
  return Uint32Array.from(words).sort();
}

/**
 * Appends a binary search over sorted words for the one in the accumulator, which is accepted. Any other is rejected, or,
 * if `skip` is given, goes on that many instructions behind the search.
 */
function search(program: Instruction[], words: Uint32Array, skip?: number): void {
  const { length } = words;
  if (length <= LEAF) {
    for (const [i, word] of words.entries()) program.push([JUMP_EQUAL, length - i, 0, word]);
    program.push(skip === undefined ? REJECT : [JUMP, 0, 0, 1 + skip], ACCEPT);
    return;
  }
  const middle = length >> 1;
  // A conditional jump reaches 255 instructions; an unconditional one reaches all.
  program.push([JUMP_GREATER_OR_EQUAL, 0, 1, words[middle]!], [JUMP, 0, 0, searchLength(middle)]);
  search(program, words.subarray(0, middle), skip === undefined ? undefined : skip + searchLength(length - middle));
  search(program, words.subarray(middle), skip);
}

/** Instructions of a search. */
function searchLength(words: number): number {
  if (words <= LEAF) return words + 2;
  const middle = words >> 1;
  return 2 + searchLength(middle) + searchLength(words - middle);
}

function assemble(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * 8));
  for (const [i, [code, jt, jf, k]] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  }
  return new Uint8Array(view.buffer);
}
