import type { IpAddress } from "../ip/address.ts";
import type { NativeAddon, NativeSocket } from "../native/binding.ts";
import { META_WORDS, nativeAddon } from "../native/binding.ts";
import type { FrameKind, Frames, FrameSocket } from "../ports/frames.ts";
import type { Link } from "../ports/links.ts";
import * as linux from "./socket-constants.ts";
import { SolicitedNodeGroups } from "./solicited-node-groups.ts";
import type { OnTrouble } from "./system-error.ts";
import { systemError } from "./system-error.ts";

export interface PacketFramesOptions {
  /**
   * Classic BPF programs (struct sock_filter, host byte order) that let requests for `addresses` pass, the narrowest
   * first: kernels limit their size, so a wider one may have to do. One that is attached already is not attached again.
   */
  readonly filterFor: (kind: FrameKind, addresses: ReadonlySet<IpAddress>) => readonly Uint8Array[];
  readonly onTrouble?: OnTrouble;
}

const ETHER_TYPE: Readonly<Record<FrameKind, number>> = { arp: linux.ETH_P_ARP, ndp: linux.ETH_P_IPV6 };

/** -ENETDOWN: told once when the link goes down, which the link monitor tells as well. */
const LINK_WENT_DOWN = -100;

/** Larger than any request that deserves an answer; larger frames are dropped. */
const SLOT_SIZE = 512;
const SLOTS = 32;

/** Frames that wait in the kernel, in bytes of its own accounting: about a thousand requests. */
const RECEIVE_BUFFER = 1 << 20;

/**
 * The last packet type (PACKET_HOST, _BROADCAST, _MULTICAST) that is meant for this host on this link. What follows is
 * seen in promiscuous mode, belongs to a VLAN that is not ours, or was sent by us.
 */
const PACKET_MULTICAST = 2;

/** Accepts no frame whose interface is another: opcode, jump if true, operand; undefined: the index of the link. */
const LINK_CHECK: readonly (readonly [code: number, jt: number, k: number | undefined])[] = [
  [0x20, 0, 0xffff_f008], // BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_IFINDEX
  [0x15, 1, undefined], // BPF_JMP | BPF_JEQ | BPF_K
  [0x06, 0, 0], // BPF_RET | BPF_K
];

/** Frames over AF_PACKET sockets, one per link and kind. Needs CAP_NET_RAW. */
export function createPacketFrames(options: PacketFramesOptions): Frames {
  return {
    probe: () => nativeAddon().close(packetSocket("open a packet socket")),
    open: (link, kind, onFrame) => openPacketSocket(options, link, kind, onFrame),
  };
}

/** Protocol 0 receives nothing, so no frame arrives before the filter is in place; bind sets the protocol. */
function packetSocket(action: string): NativeSocket {
  const socket = nativeAddon().socket(linux.AF_PACKET, linux.SOCK_RAW, 0);
  if (typeof socket === "number") throw systemError(action, socket);
  return socket;
}

function openPacketSocket(
  { filterFor, onTrouble = () => {} }: PacketFramesOptions,
  link: Link,
  kind: FrameKind,
  onFrame: (frame: Uint8Array) => void,
): FrameSocket {
  const addon = nativeAddon();
  const socket = packetSocket(`open a packet socket on ${link.name}`);
  const groups = kind === "ndp" ? new SolicitedNodeGroups(addon, link, socket, onTrouble) : undefined;
  const addresses = new Set<IpAddress>();
  let attached: Uint8Array | undefined;
  const filter = (): void => {
    const programs = filterFor(kind, addresses);
    if (programs[0] === attached && attached !== undefined) return;
    attached = attachFirst(addon, socket, { programs, linkIndex: link.index }, (code, message) =>
      onTrouble(code, `${link.name}: ${message}`),
    );
  };
  let closed = false;
  // A batch that is being handed on outlives a socket that the receiver closes.
  const whileOpen = (frame: Uint8Array): void => {
    if (!closed) onFrame(frame);
  };
  try {
    filter();
    addon.setOption(socket, linux.SOL_PACKET, linux.PACKET_IGNORE_OUTGOING, 1);
    addon.setOption(socket, linux.SOL_SOCKET, linux.SO_RCVBUF, RECEIVE_BUFFER);
    check(addon.bind(socket, packetAddress(link.index, ETHER_TYPE[kind])), `bind a packet socket to ${link.name}`);
    check(readFrames(addon, socket, link, whileOpen, onTrouble), `watch a packet socket on ${link.name}`);
  } catch (error) {
    addon.close(socket);
    throw error;
  }
  return {
    send: (frame) => addon.send(socket, frame) === frame.length,
    listenFor: (added, removed = []) => {
      for (const address of removed) addresses.delete(address);
      for (const address of added) addresses.add(address);
      filter();
      groups?.change(added, removed);
    },
    close: () => {
      closed = true;
      groups?.close();
      addon.close(socket);
    },
  };
}

function check(result: number, action: string): void {
  if (result < 0) throw systemError(action, result);
}

function readFrames(
  addon: NativeAddon,
  socket: NativeSocket,
  link: Link,
  onFrame: (frame: Uint8Array) => void,
  onTrouble: OnTrouble,
): number {
  const ring = new Uint8Array(SLOTS * SLOT_SIZE);
  const meta = new Int32Array(SLOTS * META_WORDS);
  return addon.read(socket, ring, SLOT_SIZE, meta, (count) => {
    if (count < 0 && count !== LINK_WENT_DOWN) {
      const error = systemError(`receive from ${link.name}`, count);
      onTrouble(error.code, error.message);
    }
    for (let i = 0; i < count; i++) {
      const length = meta[i * META_WORDS]!;
      const packetType = meta[i * META_WORDS + 1]!;
      if (length < 0 || packetType > PACKET_MULTICAST) continue;
      onFrame(ring.subarray(i * SLOT_SIZE, i * SLOT_SIZE + length));
    }
  });
}

/**
 * The program behind a check of the interface: the kernel also shows us frames for a VLAN or macvlan on top of this link,
 * which that interface's own socket answers. BPF jumps are relative, so a program works the same behind another.
 */
function onlyOn(linkIndex: number, program: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LINK_CHECK.length * 8 + program.length);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, jt, k]] of LINK_CHECK.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint32(i * 8 + 4, k ?? linkIndex, true);
  }
  bytes.set(program, LINK_CHECK.length * 8);
  return bytes;
}

/**
 * Returns the program that the kernel took. Without any filter the receiver sees more than it asked for, which costs time;
 * with an old one it would be deaf.
 */
function attachFirst(
  addon: NativeAddon,
  socket: NativeSocket,
  { programs, linkIndex }: { readonly programs: readonly Uint8Array[]; readonly linkIndex: number },
  onTrouble: OnTrouble,
): Uint8Array | undefined {
  let result = 0;
  for (const program of programs) {
    result = addon.attachFilter(socket, onlyOn(linkIndex, program));
    if (result >= 0) return program;
  }
  addon.setOption(socket, linux.SOL_SOCKET, linux.SO_DETACH_FILTER, 0);
  const reason = result < 0 ? systemError("attach a filter", result).message : "no filter was given";
  onTrouble("no-filter", `every frame is examined: ${reason}`);
  return undefined;
}

/** struct sockaddr_ll: family in host order, EtherType in network order, interface index in host order. */
function packetAddress(linkIndex: number, etherType: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, linux.AF_PACKET, true);
  view.setUint16(2, etherType, false);
  view.setInt32(4, linkIndex, true);
  return bytes;
}
