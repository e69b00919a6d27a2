import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { WireOptions } from "../../src/membership/wire/options.ts";

/** What one side of a conversation of serf agents sent in one go: test/golden/memberlist/README.md. */
interface RecordedMessage {
  readonly over: "udp" | "tcp";
  readonly bytes: Uint8Array;
}

export interface MemberlistRecording {
  readonly file: string;
  readonly options: WireOptions;
  readonly messages: readonly RecordedMessage[];
}

const OPTIONS: WireOptions = { label: "", keys: [], verifyIncoming: true, verifyOutgoing: true, compress: true };

const FILES: readonly { readonly file: string; readonly keys: readonly Uint8Array[] }[] = [
  { file: "serf-0.10.1-ipv4.txt", keys: [] },
  { file: "serf-0.9.4-ipv6.txt", keys: [] },
  { file: "serf-mixed-ipv6-aes256.txt", keys: [new TextEncoder().encode("k".repeat(32))] },
];

export function memberlistRecordings(): readonly MemberlistRecording[] {
  return FILES.map(({ file, keys }) => {
    const text = readFileSync(resolve(import.meta.dirname, "../golden/memberlist", file), "utf8");
    const messages = text.trim().split("\n").map(recordedMessage);
    return { file, options: { ...OPTIONS, keys }, messages };
  });
}

function recordedMessage(line: string): RecordedMessage {
  const [over, digits] = line.split(" ") as [RecordedMessage["over"], string];
  return { over, bytes: new Uint8Array(Buffer.from(digits, "hex")) };
}
