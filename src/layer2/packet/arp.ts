/**
 * ARP for IPv4 over Ethernet (RFC 826) as whole Ethernet frames. Big-endian. Pure; decoded byte arrays are views into the
 * frame, encoded frames are new. Structural only: whether a request is for us is the responder's business.
 */
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { type IpAddress, addressFromBytes, addressToBytes } from "../../ip/address.ts";
import { MalformedError } from "../../lib/errors.ts";
import { type Result, err, ok } from "../../lib/result.ts";
import { decodeEthernet, ETHER_TYPE, ETHERNET_HEADER_LENGTH } from "./ethernet.ts";

/** RFC 826, ar$op. */
export const ARP_OPERATION = { REQUEST: 1, REPLY: 2 } as const;

const HARDWARE_ETHERNET = 1;
const ARP_LENGTH = 28;

export interface ArpFrame {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  readonly operation: number;
  readonly senderMac: Uint8Array;
  readonly senderIp: IpAddress;
  readonly targetMac: Uint8Array;
  readonly targetIp: IpAddress;
}

/** Ethernet pads short frames, so bytes behind the ARP packet are allowed. */
export function decodeArp(frame: Uint8Array): Result<ArpFrame, MalformedError> {
  try {
    return ok(decode(new ByteReader(frame)));
  } catch (error) {
    if (error instanceof MalformedError) return err(error);
    throw error;
  }
}

function decode(r: ByteReader): ArpFrame {
  const { destination, source } = decodeEthernet(r, ETHER_TYPE.ARP);
  const hardware = r.u16();
  const protocol = r.u16();
  const hardwareLength = r.u8();
  const protocolLength = r.u8();
  if (hardware !== HARDWARE_ETHERNET || hardwareLength !== 6) throw new MalformedError(`hardware type ${hardware}`);
  if (protocol !== ETHER_TYPE.IPV4 || protocolLength !== 4) throw new MalformedError(`protocol type ${protocol}`);
  return {
    destination,
    source,
    operation: r.u16(),
    senderMac: r.bytes(6),
    senderIp: addressFromBytes(r.bytes(4)),
    targetMac: r.bytes(6),
    targetIp: addressFromBytes(r.bytes(4)),
  };
}

export function encodeArp(frame: ArpFrame): Uint8Array {
  return new ByteWriter(ETHERNET_HEADER_LENGTH + ARP_LENGTH)
    .bytes(frame.destination)
    .bytes(frame.source)
    .u16(ETHER_TYPE.ARP)
    .u16(HARDWARE_ETHERNET)
    .u16(ETHER_TYPE.IPV4)
    .u8(6)
    .u8(4)
    .u16(frame.operation)
    .bytes(frame.senderMac)
    .bytes(addressToBytes(frame.senderIp))
    .bytes(frame.targetMac)
    .bytes(addressToBytes(frame.targetIp))
    .finish();
}
