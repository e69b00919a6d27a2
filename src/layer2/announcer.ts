/** Gratuitous frames: what they are, and when they are sent after a take-over. Pure. */
import { type IpAddress, familyOf } from "../ip/address.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import { ARP_OPERATION, encodeArp } from "./packet/arp.ts";
import { BROADCAST_MAC } from "./packet/ethernet.ts";
import { ALL_NODES, multicastMac } from "./packet/ipv6.ts";
import { encodeAdvertisement } from "./packet/ndp.ts";

/** Between two rounds. */
export const ROUND_INTERVAL: Millis = millis(1100);

/** Rounds go on for this long after an address was announced: at about 0, 1.1, 2.2, 3.3 and 4.4 s. */
const BURST: Millis = seconds(5);

/**
 * The frames of one round on one interface. IPv4: an ARP request and an ARP reply, since hosts differ in which of the two
 * they learn from (RFC 5944 §4.6 allows both). IPv6: one unsolicited advertisement with the override flag (RFC 4861 §7.2.6).
 */
export function gratuitousFrames(address: IpAddress, mac: Uint8Array): readonly Uint8Array[] {
  if (familyOf(address) === "IPv6") return [unsolicitedAdvertisement(address, mac)];
  return [ARP_OPERATION.REQUEST, ARP_OPERATION.REPLY].map((operation) =>
    encodeArp({
      destination: BROADCAST_MAC,
      source: mac,
      operation,
      senderMac: mac,
      senderIp: address,
      targetMac: BROADCAST_MAC,
      targetIp: address,
    }),
  );
}

function unsolicitedAdvertisement(address: IpAddress, mac: Uint8Array): Uint8Array {
  return encodeAdvertisement({
    destinationMac: multicastMac(ALL_NODES),
    sourceMac: mac,
    source: address,
    destination: ALL_NODES,
    target: address,
    solicited: false,
    override: true,
    targetLinkLayerAddress: mac,
  });
}

/** Which addresses are in a burst. A round is due at once for a new address, then whenever the ticker says so. */
export class BurstSchedule {
  readonly #until = new Map<IpAddress, number>();

  /** Whether the ticker has anything to do. */
  get active(): boolean {
    return this.#until.size > 0;
  }

  /** Starts a burst. Returns whether a round is due at once: a burst that is under way is only prolonged. */
  start(address: IpAddress, now: Millis): boolean {
    const fresh = !this.#until.has(address);
    this.#until.set(address, now + BURST);
    return fresh;
  }

  stop(address: IpAddress): void {
    this.#until.delete(address);
  }

  /** The addresses whose round is due at this tick; those whose burst is over are forgotten. */
  tick(now: Millis): readonly IpAddress[] {
    for (const [address, until] of this.#until) if (now > until) this.#until.delete(address);
    return [...this.#until.keys()];
  }
}
