/**
 * Records what serf agents (HashiCorp memberlist) say to each other, in namespaces of its own: see README.md.
 * Needs root, tcpdump, nft and the agents of scripts/install-test-tools.sh.
 */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE, TestNetwork } from "../../support/netns.ts";
import { pcapPayloads } from "../../support/pcap.ts";
import { toolPath } from "../../support/requirements.ts";
import { toHex } from "../../../src/bytes/hex.ts";

interface Recording {
  readonly file: string;
  /** serf's version by member. */
  readonly versions: readonly [string, string, string];
  readonly address: (member: number) => string;
  readonly encrypt?: string;
  /** User events of 440 bytes before the last member joins, so that its push/pull is long. */
  readonly events: number;
}

const NAMES = ["alpha", "beta", "gamma"];

const RECORDINGS: readonly Recording[] = [
  {
    file: "serf-0.10.1-ipv4.txt",
    versions: ["0.10.1", "0.10.1", "0.10.1"],
    address: (member) => `10.77.0.${member + 1}`,
    events: 14,
  },
  {
    file: "serf-0.9.4-ipv6.txt",
    versions: ["0.9.4", "0.9.4", "0.9.4"],
    address: (member) => `[fd77::${member + 1}]`,
    events: 1,
  },
  {
    file: "serf-mixed-ipv6-aes256.txt",
    versions: ["0.10.1", "0.9.4", "0.10.1"],
    address: (member) => `[fd77::${member + 1}]`,
    events: 1,
    encrypt: "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
  },
];

/** A compress message whose struct is a number: what we send ourselves to hear an error message. */
const NONSENSE = "0901";

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function record(recording: Recording): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "memberlist-capture-"));
  const network = new TestNetwork();
  try {
    const hub = network.namespace("hub");
    network.ip(hub, "link", "add", "br0", "type", "bridge");
    network.ip(hub, "link", "set", "br0", "up");
    const namespaces = NAMES.map((name, i) => {
      const namespace = network.namespace(name);
      network.cable([namespace, "eth0"], [hub, name]);
      network.ip(hub, "link", "set", name, "master", "br0");
      network.address(namespace, "eth0", `10.77.0.${i + 1}/24`);
      network.address(namespace, "eth0", `fd77::${i + 1}/64`);
      return namespace;
    });
    const file = join(folder, "packets.pcap");
    const dump = network.spawn(hub, "tcpdump", "-i", "br0", "-U", "-Z", "root", "-w", file, "port", "7946");
    await sleep(500);
    await play(recording, network, namespaces);
    dump.kill("SIGINT");
    await sleep(300);
    const lines = new Set(pcapPayloads(readFileSync(file)).map(({ over, bytes }) => `${over} ${toHex(bytes)}`));
    lines.delete(`tcp ${NONSENSE}`);
    writeFileSync(join(import.meta.dirname, recording.file), `${[...lines].join("\n")}\n`);
  } finally {
    network.close();
    rmSync(folder, { recursive: true });
  }
}

/** Join, event, lost datagrams, pause, crash, leave, and a stream that makes no sense. */
async function play(recording: Recording, network: TestNetwork, namespaces: readonly string[]): Promise<void> {
  const agents: ChildProcess[] = [];
  const [alpha, beta, gamma] = namespaces as [string, string, string];
  for (const [i, namespace] of namespaces.entries()) {
    if (namespace === gamma) sendEvents(recording, network, alpha);
    agents.push(startAgent(recording, network, namespace, i));
    await sleep(1500);
  }
  network.exec(gamma, "nft", "add table inet t; add chain inet t in { type filter hook input priority 0; }");
  network.exec(gamma, "nft", "add rule inet t in udp dport 7946 drop");
  await sleep(3000);
  network.exec(gamma, "nft", "delete table inet t");
  agents[2]!.kill("SIGSTOP");
  await sleep(3500);
  agents[2]!.kill("SIGCONT");
  await sleep(2500);
  agents[2]!.kill("SIGKILL");
  await sleep(9000);
  const sendNonsense = `require("net").connect(7946,"${recording.address(0).replaceAll(/[[\]]/g, "")}").end(Buffer.from("${NONSENSE}", "hex"))`;
  network.exec(beta, NODE, "-e", sendNonsense);
  serf(recording, network, beta, "leave");
  await sleep(1500);
}

/** Text that hardly compresses, from a generator of its own so that a new recording has the same. */
function sendEvents(recording: Recording, network: TestNetwork, namespace: string): void {
  let state = 1;
  for (let i = 0; i < recording.events; i++) {
    let text = "";
    while (text.length < 440) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      text += (state >>> 8).toString(36);
    }
    serf(recording, network, namespace, "event", `event${i}`, text.slice(0, 440));
  }
}

function startAgent(recording: Recording, network: TestNetwork, namespace: string, member: number): ChildProcess {
  const { versions, address, encrypt } = recording;
  const options = [`-node=${NAMES[member]!}`, `-bind=${address(member)}:7946`, "-profile=local", "-tag", "role=lab"];
  if (encrypt !== undefined) options.push(`-encrypt=${encrypt}`);
  if (member > 0) options.push(`-join=${address(0)}:7946`);
  return network.spawn(namespace, toolPath(`serf-${versions[member]!}`)!, "agent", ...options);
}

function serf(recording: Recording, network: TestNetwork, namespace: string, ...args: readonly string[]): void {
  network.exec(namespace, toolPath(`serf-${recording.versions[0]}`)!, ...args);
}

for (const recording of RECORDINGS) await record(recording);
