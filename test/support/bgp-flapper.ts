/**
 * Two speakers in one process, on the sockets of the kernel: their sessions are made to begin again as often as the
 * argument says. Prints what the process has open before and after, as JSON.
 */
import { readdirSync } from "node:fs";
import { parseAddress } from "../../src/ip/address.ts";
import { seconds } from "../../src/lib/duration.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import { tcpStreams } from "../../src/platform/tcp.ts";
import { PeerManager } from "../../src/speaker/bgp/peer-manager.ts";
import type { SessionPlan } from "../../src/speaker/bgp/session-driver.ts";
import { sessionConfig } from "./bgp-session-config.ts";
import { silentLog } from "./silent-log.ts";

export interface Flapped {
  readonly flaps: number;
  readonly before: Possessions;
  readonly after: Possessions;
}

interface Possessions {
  readonly descriptors: number;
  readonly timers: number;
  readonly heapBytes: number;
}

const [LISTENING, DIALLING] = [64_512, 64_513];
const SESSIONS = 20;
const HOME = parseAddress("127.0.0.1")!;
/** Rounds after which whatever is made once is there. */
const WARM_UP = 2;

if (process.argv[1] === import.meta.filename) await flap(Number(process.argv[2]));

/** Every other session has a key and a limit of hops. */
async function flap(rounds: number): Promise<void> {
  const port = await freePort();
  const ports = {
    clock: systemClock,
    random: systemRandom,
    streams: tcpStreams,
    log: silentLog,
    links: () => [],
    onChange: () => {},
  };
  const dialling = new PeerManager(undefined, ports);
  const listening = new PeerManager({ port, onlyIfNeeded: true }, ports);
  const plan = (i: number, asn: number, holdTime: number): SessionPlan => {
    const far = parseAddress(`127.0.1.${i + 1}`)!;
    const passive = asn === LISTENING;
    return {
      name: `peer-${i}`,
      remote: { address: passive ? far : HOME, port },
      connect: { source: passive ? HOME : far, ...(i % 2 === 0 ? {} : { key: "secret", ttl: 255, minTtl: 255 }) },
      config: sessionConfig({
        localAsn: asn,
        remoteAs: { is: "external" },
        routerId: asn,
        passive,
        holdTime: seconds(holdTime),
      }),
    };
  };
  const plans = (asn: number, holdTime: number): SessionPlan[] =>
    Array.from({ length: SESSIONS }, (_, i) => plan(i, asn, holdTime));
  const established = (): number[] => listening.peers.map((peer) => listening.report(peer)!.session.timesEstablished);
  listening.setPeers(plans(LISTENING, 90));
  const begin = async (round: number): Promise<void> => {
    dialling.setPeers(plans(DIALLING, 30 + (round % 2)));
    while (Math.min(...established()) <= round) await pause(5);
  };
  for (let round = 0; round < WARM_UP; round++) await begin(round);
  const before = await possessions();
  for (let round = WARM_UP; round < WARM_UP + rounds; round++) await begin(round);
  const after = await possessions();
  const flaps = established().reduce((sum, times) => sum + times - WARM_UP, 0);
  await Promise.all([dialling.stop(), listening.stop()]);
  process.stdout.write(JSON.stringify({ flaps, before, after } satisfies Flapped));
}

async function possessions(): Promise<Possessions> {
  // Connections that were ended wait two seconds at most for their peer to end them, too.
  await pause(2500);
  globalThis.gc?.();
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
    heapBytes: process.memoryUsage().heapUsed,
  };
}

async function freePort(): Promise<number> {
  const silent = { onData: () => {}, onEnd: () => {}, onClose: () => {} };
  const listener = await tcpStreams.listen({ address: HOME, port: 0 }, () => silent);
  listener.close();
  return listener.local.port;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
