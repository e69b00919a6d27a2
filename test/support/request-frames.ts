import { internetChecksum } from "../../src/bytes/checksum.ts";
import { hex } from "../../src/bytes/hex.ts";
import { addressToBytes, parseAddress } from "../../src/ip/address.ts";
import { parseMac } from "../../src/ip/mac.ts";
import { toHex } from "../../src/bytes/hex.ts";

/** Text of a field of a frame, as hex. */
const ip = (text: string): string => toHex(addressToBytes(parseAddress(text)!));
const mac = (text: string): string => toHex(parseMac(text)!);

export const CLIENT = { mac: "02:00:00:00:00:09", v4: "10.9.0.9", v6: "fe80::9" } as const;

export interface ArpRequest {
  readonly target: string;
  readonly destination?: string;
  readonly senderMac?: string;
  readonly senderIp?: string;
  readonly operation?: number;
}

/** An ARP request by the client; bytes are written by hand, so that our own encoder is not what tests it. */
export function arpRequest(request: ArpRequest): Uint8Array {
  const { target, destination = "ff:ff:ff:ff:ff:ff", senderMac = CLIENT.mac, senderIp = CLIENT.v4 } = request;
  const operation = (request.operation ?? 1).toString(16).padStart(4, "0");
  return hex`
    ${mac(destination)} ${mac(senderMac)} 0806
    0001 0800 06 04 ${operation}                   // Ethernet, IPv4, lengths, operation
    ${mac(senderMac)} ${ip(senderIp)}
    000000000000 ${ip(target)}`;
}

/** An unsolicited neighbour advertisement that says where `target` is. */
export function advertisement({
  target,
  mac: from = CLIENT.mac,
  options = `0201${mac(from)}`,
}: Advertised): Uint8Array {
  const to = { destination: "ff02::1", destinationMac: "33:33:00:00:00:01" };
  return solicitation({ target, source: target, sourceMac: from, type: "8800", options, ...to });
}

export interface Advertised {
  readonly target: string;
  readonly mac?: string;
  /** Hex of all options; by default the target link-layer address. */
  readonly options?: string;
}

export interface Solicitation {
  readonly target: string;
  readonly source?: string;
  /** By default the solicited-node group of the target. */
  readonly destination?: string;
  readonly destinationMac?: string;
  readonly sourceMac?: string;
  /** Hex of all options; by default the source link-layer address. */
  readonly options?: string;
  readonly hopLimit?: number;
  /** Type and code, hex. */
  readonly type?: string;
  readonly checksum?: number;
}

/** A neighbour solicitation by the client, written by hand with a right checksum unless one is given. */
export function solicitation(given: Solicitation): Uint8Array {
  const { target, source = CLIENT.v6, sourceMac = CLIENT.mac, hopLimit = 255, type = "8700" } = given;
  const tail = ip(target).slice(-6);
  const destination = given.destination === undefined ? `ff0200000000000000000001ff${tail}` : ip(given.destination);
  const options = given.options ?? (source === "::" ? "" : `0101${mac(sourceMac)}`);
  const frame = hex`
    ${given.destinationMac === undefined ? `3333ff${tail}` : mac(given.destinationMac)} ${mac(sourceMac)} 86dd
    60000000 ${(24 + options.length / 2).toString(16).padStart(4, "0")} 3a ${hopLimit.toString(16).padStart(2, "0")}
    ${ip(source)} ${destination}
    ${type} 0000 00000000                          // type and code, checksum, reserved
    ${ip(target)} ${options}`;
  const message = frame.subarray(54);
  const pseudo = hex`${ip(source)} ${destination} ${message.length.toString(16).padStart(8, "0")} 0000003a`;
  const checksum = given.checksum ?? internetChecksum(pseudo, message);
  frame[56] = checksum >>> 8;
  frame[57] = checksum;
  return frame;
}
