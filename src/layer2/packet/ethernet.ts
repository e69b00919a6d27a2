import type { ByteReader } from "../../bytes/reader.ts";
import { MalformedError } from "../../lib/errors.ts";

/** IANA "IEEE 802 Numbers", EtherTypes. */
export const ETHER_TYPE = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const;

export const ETHERNET_HEADER_LENGTH = 14;

export const BROADCAST_MAC = new Uint8Array(6).fill(0xff);

export interface EthernetHeader {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
}

/** Reads the header of an untagged Ethernet II frame. Anything but the expected type is malformed: tagged frames too. */
export function decodeEthernet(r: ByteReader, etherType: number): EthernetHeader {
  const destination = r.bytes(6);
  const source = r.bytes(6);
  const type = r.u16();
  if (type !== etherType) throw new MalformedError(`EtherType 0x${type.toString(16)}`);
  return { destination, source };
}

export function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The group bit: multicast and broadcast (IEEE 802-2014 §8.2.2). */
export function isGroupMac(mac: Uint8Array): boolean {
  return (mac[0]! & 1) === 1;
}

/** Whether one station can have it: neither a group nor all zero. */
export function isStationMac(mac: Uint8Array): boolean {
  return !isGroupMac(mac) && mac.some((byte) => byte !== 0);
}
