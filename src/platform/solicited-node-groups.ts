import type { IpAddress } from "../ip/address.ts";
import { addressFromBytes, formatAddress } from "../ip/address.ts";
import type { EnvironmentError } from "../lib/errors.ts";
import type { NativeAddon, NativeSocket } from "../native/binding.ts";
import type { Link } from "../ports/links.ts";
import * as linux from "./socket-constants.ts";
import type { OnTrouble } from "./system-error.ts";
import { systemError } from "./system-error.ts";

/** A socket's option memory (net.core.optmem_max) has room for 365 memberships where it is smallest. */
const GROUPS_PER_SOCKET = 300;

interface Member {
  readonly socket: NativeSocket;
  joined: number;
}

/**
 * Membership in the solicited-node groups (RFC 4291 §2.7.1) of a set of addresses on one link, so that solicitations
 * reach us: MLD tells snooping switches, and the packet socket tells the network card. Addresses that share their
 * last 24 bits share a group. Groups that can't be joined are reported and tried again at the next change.
 */
export class SolicitedNodeGroups {
  readonly #addon: NativeAddon;
  readonly #link: Link;
  readonly #packetSocket: NativeSocket;
  readonly #onTrouble: OnTrouble;
  /** Group suffix (24 bits) to the socket that is its member, undefined when it could not join. */
  readonly #groups = new Map<number, Member | undefined>();
  /** How many addresses each group is for. */
  readonly #uses = new Map<number, number>();
  /** Groups that could not be joined. */
  readonly #missing = new Set<number>();
  readonly #members: Member[] = [];

  constructor(addon: NativeAddon, link: Link, packetSocket: NativeSocket, onTrouble: OnTrouble) {
    this.#addon = addon;
    this.#link = link;
    this.#packetSocket = packetSocket;
    this.#onTrouble = onTrouble;
  }

  /** An address is added once before it is removed. */
  change(added: readonly IpAddress[], removed: readonly IpAddress[]): void {
    const wanted = new Set(this.#missing);
    for (const suffix of added.map(groupSuffix)) {
      this.#uses.set(suffix, (this.#uses.get(suffix) ?? 0) + 1);
      wanted.add(suffix);
    }
    for (const suffix of removed.map(groupSuffix)) {
      const uses = this.#uses.get(suffix)! - 1;
      if (uses > 0) this.#uses.set(suffix, uses);
      else {
        this.#uses.delete(suffix);
        wanted.delete(suffix);
        if (this.#groups.has(suffix)) this.#leave(suffix, this.#groups.get(suffix));
      }
    }
    const failures = [...wanted].map((suffix) => this.#join(suffix)).filter((error) => error !== undefined);
    const [first] = failures;
    if (first !== undefined) this.#onTrouble(first.code, `${first.message}; ${failures.length} groups are not joined`);
  }

  close(): void {
    for (const member of this.#members.splice(0)) this.#addon.close(member.socket);
    this.#groups.clear();
    this.#uses.clear();
    this.#missing.clear();
  }

  #join(suffix: number): EnvironmentError | undefined {
    if (this.#groups.get(suffix) !== undefined) return undefined;
    if (!this.#groups.has(suffix)) this.#filterCard(linux.PACKET_ADD_MEMBERSHIP, suffix);
    this.#groups.set(suffix, undefined);
    this.#missing.add(suffix);
    const member = this.#memberWithRoom();
    if (typeof member === "number") return systemError(`open a socket for groups on ${this.#link.name}`, member);
    const result = this.#changeMembership(member, linux.IPV6_JOIN_GROUP, suffix);
    if (result < 0)
      return systemError(`join ${formatAddress(addressFromBytes(groupAddress(suffix)))} on ${this.#link.name}`, result);
    member.joined++;
    this.#groups.set(suffix, member);
    this.#missing.delete(suffix);
    return undefined;
  }

  #leave(suffix: number, member: Member | undefined): void {
    this.#filterCard(linux.PACKET_DROP_MEMBERSHIP, suffix);
    this.#groups.delete(suffix);
    this.#missing.delete(suffix);
    if (member === undefined) return;
    this.#changeMembership(member, linux.IPV6_LEAVE_GROUP, suffix);
    member.joined--;
  }

  /** Only the card's own filter: a card that has no room for it receives all multicast, so a failure does no harm. */
  #filterCard(option: number, suffix: number): void {
    const membership = packetMembership(this.#link.index, suffix);
    this.#addon.setOption(this.#packetSocket, linux.SOL_PACKET, option, membership);
  }

  #changeMembership(member: Member, option: number, suffix: number): number {
    const membership = ipv6Membership(this.#link.index, suffix);
    return this.#addon.setOption(member.socket, linux.IPPROTO_IPV6, option, membership);
  }

  /** An unbound UDP socket is enough to be a member; it receives nothing. Negative errno when there is none. */
  #memberWithRoom(): Member | number {
    const free = this.#members.find((member) => member.joined < GROUPS_PER_SOCKET);
    if (free !== undefined) return free;
    const socket = this.#addon.socket(linux.AF_INET6, linux.SOCK_DGRAM, 0);
    if (typeof socket === "number") return socket;
    const member = { socket, joined: 0 };
    this.#members.push(member);
    return member;
  }
}

/** The last 24 bits, all that the solicited-node group keeps of an address. */
function groupSuffix(address: IpAddress): number {
  return Number(address & 0xff_ffffn);
}

function suffixBytes(suffix: number): readonly number[] {
  return [suffix >>> 16, (suffix >>> 8) & 0xff, suffix & 0xff];
}

/** ff02::1:ffXX:XXXX */
function groupAddress(suffix: number): Uint8Array {
  return Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...suffixBytes(suffix));
}

/** struct ipv6_mreq: group, interface index. */
function ipv6Membership(linkIndex: number, suffix: number): Uint8Array {
  const bytes = new Uint8Array(20);
  bytes.set(groupAddress(suffix));
  new DataView(bytes.buffer).setInt32(16, linkIndex, true);
  return bytes;
}

/** struct packet_mreq: interface index, PACKET_MR_MULTICAST (0), length 6, 33:33:ff:XX:XX:XX (RFC 2464 §7). */
function packetMembership(linkIndex: number, suffix: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, linkIndex, true);
  view.setUint16(6, 6, true);
  bytes.set([0x33, 0x33, 0xff, ...suffixBytes(suffix)], 8);
  return bytes;
}
