/**
 * Runs the cases on the real adapter, with both ends of a veth pair in the network namespace that it is started in, and
 * prints one line of JSON: the failures by name.
 */
import { spawnSync } from "node:child_process";
import { filterPrograms } from "../../src/layer2/filter.ts";
import { errorMessage } from "../../src/lib/errors.ts";
import { META_WORDS, nativeAddon } from "../../src/native/binding.ts";
import { createLinks } from "../../src/platform/link-monitor.ts";
import { createPacketFrames } from "../../src/platform/packet-socket.ts";
import type { Link } from "../../src/ports/links.ts";
import { FRAMES_CASES } from "./frames-cases.ts";

const ETH_P_ALL = 3;
const SLOT_SIZE = 2048;
const SLOTS = 16;

for (const command of ["link add ours type veth peer name theirs", "link set ours up", "link set theirs up"])
  spawnSync("ip", command.split(" "), { stdio: "inherit" });

const links = await new Promise<readonly Link[]>((resolve, reject) => {
  const watch = createLinks().watch((all) => {
    const ready = ["ours", "theirs"].every((name) => all.some((link) => link.name === name && link.up));
    if (!ready) return;
    watch.close();
    resolve(all);
  }, reject);
});
const peer = openPeer(links.find((link) => link.name === "theirs")!);
const world = {
  frames: createPacketFrames({ filterFor: filterPrograms, onTrouble: (_, message) => console.error(message) }),
  link: links.find((link) => link.name === "ours")!,
  inject: (frame: Uint8Array) => void peer.send(frame),
  received: peer.received,
  settle: () => new Promise<void>((resolve) => void setTimeout(resolve, 50)),
};

const failures: Record<string, string> = {};
for (const { name, run } of FRAMES_CASES) {
  try {
    await run(world);
  } catch (error) {
    failures[name] = errorMessage(error);
  }
}
peer.close();
process.stdout.write(`${JSON.stringify({ run: FRAMES_CASES.length, failures })}\n`);

/** A socket that sees and sends everything on a link. */
function openPeer(link: Link): { received: Uint8Array[]; send(frame: Uint8Array): number; close(): void } {
  const addon = nativeAddon();
  const socket = addon.socket(17, 3, 0);
  if (typeof socket === "number") throw new Error(`socket: errno ${-socket}`);
  const ring = new Uint8Array(SLOTS * SLOT_SIZE);
  const meta = new Int32Array(SLOTS * META_WORDS);
  const received: Uint8Array[] = [];
  addon.read(socket, ring, SLOT_SIZE, meta, (count) => {
    for (let i = 0; i < count; i++)
      received.push(ring.slice(i * SLOT_SIZE, i * SLOT_SIZE + Math.max(0, meta[i * META_WORDS]!)));
  });
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, 17, true);
  address.setUint16(2, ETH_P_ALL);
  address.setInt32(4, link.index, true);
  addon.bind(socket, new Uint8Array(address.buffer));
  return { received, send: (frame) => addon.send(socket, frame), close: () => addon.close(socket) };
}
