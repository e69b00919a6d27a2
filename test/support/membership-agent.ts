/**
 * One member of a cluster as a process, for MembershipAgent: the driver on real sockets. Its options are the first
 * argument; commands come in and events go out as lines of JSON.
 */
import { createInterface } from "node:readline";
import { formatAddress, parseAddress } from "../../src/ip/address.ts";
import { millis } from "../../src/lib/duration.ts";
import type { Endpoint } from "../../src/membership/message.ts";
import { FAST_LAN, REFERENCE_LAN } from "../../src/membership/settings.ts";
import { systemCipher } from "../../src/platform/system-cipher.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import { tcpStreams } from "../../src/platform/tcp.ts";
import { udpDatagrams } from "../../src/platform/udp.ts";
import { MembershipDriver } from "../../src/speaker/membership-driver.ts";
import { SERF_VERSIONS } from "./serf-versions.ts";

export interface AgentOptions {
  readonly node: string;
  /** Where it listens and is found. */
  readonly address: string;
  readonly port: number;
  /** Hex. */
  readonly key?: string;
  readonly profile: "fast" | "reference";
  readonly seeds: readonly string[];
}

export type AgentCommand = "members" | "counters" | "leave" | "close";

export type AgentEvent =
  | { readonly on: "started" }
  | { readonly on: "change"; readonly kind: string; readonly node: string; readonly at: number }
  | { readonly on: "standing"; readonly kind: string; readonly at: number }
  | { readonly on: "refused"; readonly reason: string; readonly from: string }
  | { readonly on: "trouble"; readonly code: string; readonly message: string }
  | { readonly on: "members"; readonly members: Readonly<Record<string, string>> }
  | { readonly on: "counters"; readonly sent: number; readonly received: number }
  | { readonly on: "left" };

const options = JSON.parse(process.argv[2]!) as AgentOptions;
const emit = (event: AgentEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
const endpoint = (address: string): Endpoint => ({ address: parseAddress(address)!, port: options.port });

const driver = new MembershipDriver(
  {
    self: { node: options.node, ...endpoint(options.address) },
    bind: endpoint(options.address),
    settings: options.profile === "fast" ? FAST_LAN : REFERENCE_LAN,
    versions: SERF_VERSIONS,
    keys: options.key === undefined ? [] : [Buffer.from(options.key, "hex")],
  },
  {
    clock: systemClock,
    random: systemRandom,
    datagrams: udpDatagrams,
    streams: tcpStreams,
    cipher: systemCipher,
    onChange: ({ kind, member }) => emit({ on: "change", kind, node: member.node, at: Date.now() }),
    onStanding: ({ kind }) => emit({ on: "standing", kind, at: Date.now() }),
    onRefused: ({ reason }, from) => emit({ on: "refused", reason, from: formatAddress(from.address) }),
    onTrouble: (code, message) => emit({ on: "trouble", code, message }),
  },
);

async function carryOut(command: AgentCommand): Promise<void> {
  if (command === "members") {
    const members = Object.fromEntries(driver.members.map(({ node, status }) => [node, status]));
    emit({ on: "members", members });
  }
  if (command === "counters") emit({ on: "counters", ...driver.counters });
  if (command === "leave") {
    await driver.leave(millis(5000));
    emit({ on: "left" });
  }
  if (command === "close") {
    driver.close();
    process.stdin.destroy();
  }
}

await driver.start();
emit({ on: "started" });
driver.setSeeds(options.seeds.map(endpoint));
createInterface({ input: process.stdin }).on("line", (line) => void carryOut(line as AgentCommand));
