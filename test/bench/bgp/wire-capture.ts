import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toolPath } from "../../support/requirements.ts";
import { privateFolder } from "../../support/routers/process.ts";

/** A message of BGP as it went over the wire. */
export interface SeenMessage {
  /** Its number in RFC 4271 §4.1. */
  readonly type: number;
  readonly bytes: number;
  /** When its last byte came, milliseconds since 1970. */
  readonly at: number;
  /** Of the side that said it. */
  readonly from: string;
}

export const MESSAGE = { OPEN: 1, UPDATE: 2, KEEPALIVE: 4 } as const;

const HEADER = 19;

/** Milliseconds for which packets may lie in the kernel before tcpdump gets them, with some to spare. */
const KERNEL_KEEPS = 1300;

/** tcpdump on an interface, and what BGP said there. */
export class WireCapture {
  readonly #folder = privateFolder("capture");
  readonly #child: ChildProcess;
  #stderr = "";

  private constructor(namespace: string, name: string) {
    const options = ["-i", name, "-s", "0", "-B", "65536", "-Z", "root", "-w", this.#file, "tcp", "port", "179"];
    const command = ["netns", "exec", namespace, toolPath("tcpdump")!, ...options];
    this.#child = spawn("ip", command, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr!.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString()));
  }

  static async start(namespace: string, name: string): Promise<WireCapture> {
    const capture = new WireCapture(namespace, name);
    while (!capture.#stderr.includes("listening on")) await once(capture.#child.stderr!, "data");
    return capture;
  }

  get #file(): string {
    return join(this.#folder.path, "bgp.pcap");
  }

  /** Ends it, and returns everything that was said, in order. */
  async stop(): Promise<readonly SeenMessage[]> {
    await new Promise((lapse) => setTimeout(lapse, KERNEL_KEEPS));
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
    const file = readFileSync(this.#file);
    this.#folder.remove();
    const count = (of: string): string | undefined => new RegExp(`(\\d+) packets? ${of}`).exec(this.#stderr)?.[1];
    if (count("captured") !== count("received by filter") || count("dropped by kernel") !== "0")
      throw new Error(`the capture is not whole: ${this.#stderr}`);
    return messagesIn(file);
  }
}

interface Segment {
  /** From the beginning of the stream. */
  readonly offset: number;
  readonly at: number;
  readonly bytes: Buffer;
}

interface Stream {
  readonly from: string;
  readonly firstSequence: number;
  readonly segments: Segment[];
}

/** Out of a little-endian pcap file of Ethernet frames with IPv4, from the first packets of its connections on. */
function messagesIn(file: Buffer): readonly SeenMessage[] {
  const streams = new Map<string, Stream>();
  for (let at = 24; at < file.length;) {
    const length = file.readUInt32LE(at + 8);
    const time = file.readUInt32LE(at) * 1000 + file.readUInt32LE(at + 4) / 1000;
    addSegment(streams, file.subarray(at + 16 + 14, at + 16 + length), time);
    at += 16 + length;
  }
  return [...streams.values()].flatMap(cut).toSorted((a, b) => a.at - b.at);
}

function addSegment(streams: Map<string, Stream>, packet: Buffer, at: number): void {
  const tcp = packet.subarray((packet[0]! & 15) * 4, packet.readUInt16BE(2));
  const bytes = tcp.subarray((tcp[12]! >> 4) * 4);
  if (bytes.length === 0) return;
  const from = packet.subarray(12, 16).join(".");
  const key = `${from} ${packet.subarray(16, 20).join(".")} ${tcp.readUInt32BE(0)}`;
  const sequence = tcp.readUInt32BE(4);
  const stream = streams.get(key) ?? { from, firstSequence: sequence, segments: [] };
  streams.set(key, stream);
  stream.segments.push({ offset: (sequence - stream.firstSequence) >>> 0, at, bytes });
}

/** What was sent twice counts once. */
function cut({ from, segments }: Stream): readonly SeenMessage[] {
  const messages: SeenMessage[] = [];
  let [rest, end] = [Buffer.alloc(0), 0];
  for (const { offset, at, bytes } of segments.toSorted((a, b) => a.offset - b.offset)) {
    if (offset > end) throw new Error("the capture lacks a segment");
    rest = Buffer.concat([rest, bytes.subarray(end - offset)]);
    end = Math.max(end, offset + bytes.length);
    let start = 0;
    while (rest.length - start >= HEADER && rest.length - start >= rest.readUInt16BE(start + 16)) {
      const length = rest.readUInt16BE(start + 16);
      if (length < HEADER) throw new Error("not a message of BGP");
      messages.push({ type: rest[start + 18]!, bytes: length, at, from });
      start += length;
    }
    rest = rest.subarray(start);
  }
  return messages;
}
