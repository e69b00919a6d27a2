import { ByteReader } from "../../src/bytes/reader.ts";
import { concatBytes } from "../../src/bytes/concat.ts";

/** A datagram, or all that one side of a TCP connection said. */
export interface Payload {
  readonly over: "udp" | "tcp";
  readonly bytes: Uint8Array;
}

/**
 * Payloads of UDP and TCP in a little-endian pcap file of Ethernet frames, in the order in which they began. Knows no IP
 * options, no fragments and no lost segments: what a lab of our own does not have.
 */
export function pcapPayloads(file: Uint8Array): Payload[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const payloads: Payload[] = [];
  const streams = new Map<string, Stream>();
  for (let at = 24; at < file.length;) {
    const length = view.getUint32(at + 8, true);
    const packet = transportOf(file.subarray(at + 16, at + 16 + length));
    at += 16 + length;
    if (packet === undefined) continue;
    if (packet.protocol === UDP) payloads.push({ over: "udp", bytes: packet.bytes.slice(8) });
    if (packet.protocol === TCP) collect(packet, streams, payloads);
  }
  for (const stream of streams.values()) {
    payloads[stream.index] = { over: "tcp", bytes: concatBytes([...stream.segments.values()]) };
  }
  return payloads;
}

const TCP = 6;
const UDP = 17;

interface Transport {
  readonly addresses: string;
  readonly protocol: number;
  readonly bytes: Uint8Array;
}

interface Stream {
  readonly index: number;
  /** By sequence number, so that what was sent twice counts once. */
  readonly segments: Map<number, Uint8Array>;
}

function transportOf(frame: Uint8Array): Transport | undefined {
  const reader = new ByteReader(frame);
  reader.skip(12);
  const etherType = reader.u16();
  if (etherType === 0x0800) return ipv4(reader.bytes(reader.remaining));
  if (etherType === 0x86dd) return ipv6(reader.bytes(reader.remaining));
  return undefined;
}

function ipv4(packet: Uint8Array): Transport {
  const length = (packet[2]! << 8) | packet[3]!;
  return {
    addresses: packet.subarray(12, 20).join("."),
    protocol: packet[9]!,
    bytes: packet.subarray(20, length),
  };
}

function ipv6(packet: Uint8Array): Transport {
  const length = (packet[4]! << 8) | packet[5]!;
  return {
    addresses: packet.subarray(8, 40).join("."),
    protocol: packet[6]!,
    bytes: packet.subarray(40, 40 + length),
  };
}

function collect({ addresses, bytes }: Transport, streams: Map<string, Stream>, payloads: Payload[]): void {
  const data = bytes.slice((bytes[12]! >> 4) * 4);
  if (data.length === 0) return;
  const key = `${addresses} ${bytes.subarray(0, 4).join(".")}`;
  const sequence = new ByteReader(bytes.subarray(4)).u32();
  let stream = streams.get(key);
  if (stream === undefined) {
    stream = { index: payloads.length, segments: new Map() };
    streams.set(key, stream);
    payloads.push({ over: "tcp", bytes: data });
  }
  stream.segments.set(sequence, data);
}
