import type { IpAddress } from "../ip/address.ts";
import { addressFromBytes } from "../ip/address.ts";
import type { MacAddress } from "../ip/mac.ts";
import * as linux from "./socket-constants.ts";

/**
 * Messages of rtnetlink(7), from bytes in host order (little-endian) to what the link monitor needs of them. Total:
 * any bytes give a list, and what breaks the rules becomes a "malformed" entry. Nothing returned is a view of the
 * input.
 */
export type NetlinkMessage =
  | { readonly kind: "link"; readonly link: LinkEntry }
  | { readonly kind: "link-gone"; readonly index: number }
  | { readonly kind: "address"; readonly entry: AddressEntry }
  | { readonly kind: "address-gone"; readonly entry: AddressEntry }
  /** The end of a dump. */
  | { readonly kind: "done"; readonly sequence: number }
  /** Something changed during a dump, so it may have gaps (NLM_F_DUMP_INTR). */
  | { readonly kind: "interrupted" }
  | { readonly kind: "error"; readonly sequence: number; readonly negativeErrno: number }
  | { readonly kind: "malformed"; readonly reason: string };

export interface LinkEntry {
  readonly index: number;
  readonly name: string;
  /** IFF_… */
  readonly flags: number;
  readonly mac: MacAddress | undefined;
  readonly hasMaster: boolean;
}

export interface AddressEntry {
  readonly linkIndex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** What the kernel tells addresses of one link apart by: local address, prefix and peer. */
  readonly key: string;
}

export const DUMP = { links: 18 /* RTM_GETLINK */, addresses: 22 /* RTM_GETADDR */ } as const;

export const IFF_UP = 1 << 0;
export const IFF_BROADCAST = 1 << 1;
export const IFF_RUNNING = 1 << 6;
export const IFF_NOARP = 1 << 7;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;

const NLM_F_REQUEST = 0x001;
const NLM_F_DUMP_INTR = 0x010;
const NLM_F_DUMP = 0x300;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_WIRELESS = 11;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;

/** struct nlmsghdr, ifinfomsg, ifaddrmsg, rtattr */
const HEADER_SIZE = 16;
const LINK_SIZE = 16;
const ADDRESS_SIZE = 8;
const ATTRIBUTE_SIZE = 4;

/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of an attribute's type. */
const ATTRIBUTE_TYPE = 0x3fff;

/** A request for all links or all addresses, of every family. The body is a struct ifinfomsg or ifaddrmsg of zeros. */
export function encodeDump(type: (typeof DUMP)[keyof typeof DUMP], sequence: number): Uint8Array {
  const length = HEADER_SIZE + (type === DUMP.links ? LINK_SIZE : ADDRESS_SIZE);
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true);
  view.setUint32(8, sequence, true);
  return bytes;
}

/** All messages of one datagram. Types and families that say nothing about links and addresses are left out. */
export function decodeNetlink(datagram: Uint8Array): readonly NetlinkMessage[] {
  const view = viewOf(datagram);
  const messages: NetlinkMessage[] = [];
  let at = 0;
  while (at < datagram.length) {
    const left = datagram.length - at;
    const length = left < HEADER_SIZE ? 0 : view.getUint32(at, true);
    if (length < HEADER_SIZE || length > left) {
      messages.push({ kind: "malformed", reason: `a message of ${length} bytes where ${left} are left` });
      break;
    }
    if ((view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0) messages.push({ kind: "interrupted" });
    const message = decodeMessage(datagram.subarray(at, at + length));
    if (message !== undefined) messages.push(message);
    at += align(length);
  }
  return messages;
}

function decodeMessage(bytes: Uint8Array): NetlinkMessage | undefined {
  const view = viewOf(bytes);
  const type = view.getUint16(4, true);
  const sequence = view.getUint32(8, true);
  const body = bytes.subarray(HEADER_SIZE);
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return decodeLink(body, type === RTM_DELLINK);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return decodeAddress(body, type === RTM_DELADDR);
    case NLMSG_DONE:
    case NLMSG_ERROR:
      return decodeResult(body, sequence);
    default:
      return undefined;
  }
}

/** How a request ended, both begin with an i32: 0, or a negative errno. */
function decodeResult(body: Uint8Array, sequence: number): NetlinkMessage {
  if (body.length < 4) return { kind: "malformed", reason: "a result without its number" };
  const negativeErrno = viewOf(body).getInt32(0, true);
  return negativeErrno < 0 ? { kind: "error", sequence, negativeErrno } : { kind: "done", sequence };
}

/** struct ifinfomsg: family u8, padding, type u16, index i32, flags u32, change u32. */
function decodeLink(body: Uint8Array, gone: boolean): NetlinkMessage | undefined {
  if (body.length < LINK_SIZE) return { kind: "malformed", reason: "a truncated link" };
  // A bridge tells about its ports in the same words with its own family; "gone" then means that a port left.
  if (body[0] !== 0) return undefined;
  const view = viewOf(body);
  const index = view.getInt32(4, true);
  if (gone) return { kind: "link-gone", index };
  const attributes = decodeAttributes(body.subarray(LINK_SIZE));
  // A wireless event names the link and nothing else.
  if (attributes.has(IFLA_WIRELESS)) return undefined;
  const name = attributes.get(IFLA_IFNAME);
  if (name === undefined) return { kind: "malformed", reason: `link ${index}` };
  const mac = attributes.get(IFLA_ADDRESS);
  const link: LinkEntry = {
    index,
    name: textOf(name),
    flags: view.getUint32(8, true),
    mac: mac?.length === 6 ? (Uint8Array.from(mac) as MacAddress) : undefined,
    hasMaster: attributes.has(IFLA_MASTER),
  };
  return { kind: "link", link };
}

/** struct ifaddrmsg: family u8, prefix length u8, flags u8, scope u8, link index u32. */
function decodeAddress(body: Uint8Array, gone: boolean): NetlinkMessage | undefined {
  if (body.length < ADDRESS_SIZE) return { kind: "malformed", reason: "a truncated address" };
  const family = body[0];
  if (family !== linux.AF_INET && family !== linux.AF_INET6) return undefined;
  const size = family === linux.AF_INET ? 4 : 16;
  const prefixLength = body[1]!;
  const linkIndex = viewOf(body).getUint32(4, true);
  const attributes = decodeAttributes(body.subarray(ADDRESS_SIZE));
  // On a point-to-point link IFA_ADDRESS is the peer's address and IFA_LOCAL our own.
  const peer = attributes.get(IFA_ADDRESS);
  const local = attributes.get(IFA_LOCAL) ?? peer;
  if (local?.length !== size || prefixLength > size * 8) {
    return { kind: "malformed", reason: `an address of link ${linkIndex}` };
  }
  const address = addressFromBytes(local);
  const key = `${address}/${prefixLength}/${peer?.join(".")}`;
  return { kind: gone ? "address-gone" : "address", entry: { linkIndex, address, prefixLength, key } };
}

/** Attributes by type, as views. None at all when one does not fit: then no length can be trusted. */
function decodeAttributes(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const view = viewOf(bytes);
  const attributes = new Map<number, Uint8Array>();
  for (let at = 0; at + ATTRIBUTE_SIZE <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_SIZE || at + length > bytes.length) return new Map();
    const type = view.getUint16(at + 2, true) & ATTRIBUTE_TYPE;
    attributes.set(type, bytes.subarray(at + ATTRIBUTE_SIZE, at + length));
    at += align(length);
  }
  return attributes;
}

/** An interface name is any bytes but NUL, slash and white space, up to the NUL that ends it. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Messages and attributes start at multiples of four. */
function align(length: number): number {
  return (length + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
