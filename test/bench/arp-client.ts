/**
 * Measures ARP from request to reply, one request at a time: `arp-client.ts INTERFACE-INDEX MAC ROUNDS TARGET…`. Targets
 * take turns in blocks, so that what else the machine does falls on all of them. Prints the times in µs by target.
 */
import { formatAddress, parseAddress } from "../../src/ip/address.ts";
import { parseMac } from "../../src/ip/mac.ts";
import { decodeArp, encodeArp } from "../../src/layer2/packet/arp.ts";
import { BROADCAST_MAC } from "../../src/layer2/packet/ethernet.ts";
import { META_WORDS, type NativeSocket, nativeAddon } from "../../src/native/binding.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SLOT_SIZE = 128;
const SLOTS = 16;
const BLOCK = 50;
const LOST_AFTER_MS = 1000;

const [index, macText, roundsText, ...targets] = process.argv.slice(2);
const mac = parseMac(macText!)!;
const own = parseAddress("10.9.0.9")!;
const addon = nativeAddon();
const socket = open(Number(index));
let onReply: ((from: string) => void) | undefined;

const times = new Map<string, number[]>(targets.map((target) => [target, []]));
let lost = 0;
for (let round = 0; round < Number(roundsText); round += BLOCK) {
  for (const target of targets) for (let i = 0; i < BLOCK; i++) await measure(target);
}
addon.close(socket);
process.stdout.write(`${JSON.stringify({ times: Object.fromEntries(times), lost })}\n`);

function open(linkIndex: number): NativeSocket {
  const opened = addon.socket(AF_PACKET, SOCK_RAW, 0);
  if (typeof opened === "number") throw new Error(`socket: errno ${-opened}`);
  const ring = new Uint8Array(SLOTS * SLOT_SIZE);
  const meta = new Int32Array(SLOTS * META_WORDS);
  addon.read(opened, ring, SLOT_SIZE, meta, (count) => {
    for (let i = 0; i < count; i++) {
      const reply = decodeArp(ring.subarray(i * SLOT_SIZE, i * SLOT_SIZE + meta[i * META_WORDS]!));
      if (reply.ok && reply.value.operation === 2) onReply?.(formatAddress(reply.value.senderIp));
    }
  });
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, 0x0806);
  view.setInt32(4, linkIndex, true);
  addon.bind(opened, address);
  return opened;
}

function measure(target: string): Promise<void> {
  const request = encodeArp({
    destination: BROADCAST_MAC,
    source: mac,
    operation: 1,
    senderMac: mac,
    senderIp: own,
    targetMac: new Uint8Array(6),
    targetIp: parseAddress(target)!,
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      lost++;
      onReply = undefined;
      resolve();
    }, LOST_AFTER_MS);
    const sent = process.hrtime.bigint();
    onReply = (from) => {
      if (from !== target) return;
      times.get(target)!.push(Number(process.hrtime.bigint() - sent) / 1000);
      clearTimeout(timer);
      onReply = undefined;
      resolve();
    };
    addon.send(socket, request);
  });
}
