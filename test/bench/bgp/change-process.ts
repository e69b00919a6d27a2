/** A speaker's BGP from Services to sockets as a process, without an API server: what it hears is said here. */
import { setTimeout as pause } from "node:timers/promises";
import { parseBgp } from "../../../src/config/parse-bgp.ts";
import { parsePools } from "../../../src/config/parse-pools.ts";
import { projectService } from "../../../src/config/service.ts";
import { systemClock } from "../../../src/platform/system-clock.ts";
import { BgpSpeaker } from "../../../src/speaker/bgp/bgp-speaker.ts";
import { SpeakerObjects } from "../../../src/speaker/speaker-objects.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { configObject } from "../../support/config-objects.ts";
import { silentLog } from "../../support/silent-log.ts";
import { answerLines } from "./line-process.ts";
import { monotonicNow } from "./monotonic.ts";
import { type BenchPeer, bgpPeerObject, startNodeSessions } from "./node-speaker.ts";

export type ChangeCommand =
  | { readonly do: "begin"; readonly services: number; readonly peer: BenchPeer }
  | { readonly do: "told" }
  /** Services lose or gain their status, one at a time. Answered with when each was said. */
  | { readonly do: "change"; readonly count: number; readonly everyMs: number };

const OPTIONS = { node: "node-1", loadBalancerClass: "", ignoreExcludeLabel: false };

const metrics = createMetrics("speaker");
const sessions = await startNodeSessions(metrics);
const objects = new SpeakerObjects(OPTIONS);
const nobody = () => undefined;
const speaker = new BgpSpeaker(OPTIONS, objects, {
  sessions,
  clock: systemClock,
  events: { record: nobody },
  log: silentLog,
  metrics,
  statuses: { start: nobody, want: nobody, begin: nobody, close: () => Promise.resolve() },
});
let services = 0;

answerLines((command: ChangeCommand) => {
  switch (command.do) {
    case "begin":
      return begin(command.services, command.peer);
    case "told":
      return told();
    case "change":
      return change(command.count, command.everyMs);
  }
});

function begin(count: number, peer: BenchPeer): void {
  services = count;
  const ipAddressPools = [configObject("pool", { addresses: ["10.128.0.0/16", "fd00:128::/112"] })];
  const { pools } = parsePools(ipAddressPools, []);
  const bgpAdvertisements = [configObject("bgp", { communities: ["64512:100"] })];
  const bgpPeers = [bgpPeerObject(peer)];
  const given = { ipAddressPools, bgpPeers, bgpAdvertisements, bfdProfiles: [], communities: [] };
  const { config, issues } = parseBgp(given, pools);
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  for (let i = 0; i < count; i++) {
    const slice = { service: `bench/s${i}`, usable: true, nodes: ["node-1"], ready: [1], family: "IPv4" } as const;
    objects.setSlice(`bench/s${i}-1`, slice);
    setStatus(i, true);
  }
  speaker.setConfig({ pools, ...config });
  speaker.replan();
}

function told(): number {
  const counts = sessions.reports().flatMap(([, { rib }]) => Object.values(rib.counts()));
  return counts.reduce((sum, { told }) => sum + told, 0);
}

async function change(count: number, everyMs: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    times.push(monotonicNow());
    // Each is withdrawn and then announced again.
    setStatus(((i >> 1) * 40_503) % services, i % 2 === 1);
    speaker.replan();
    await pause(everyMs);
  }
  return times;
}

function setStatus(index: number, hasAddress: boolean): void {
  const metadata = { namespace: "bench", name: `s${index}`, uid: `uid-${index}` };
  const ip = index % 2 === 0 ? `10.128.${index >> 8}.${index & 255}` : `fd00:128::${index.toString(16)}`;
  const status = { loadBalancer: { ingress: hasAddress ? [{ ip }] : [] } };
  objects.setService(`bench/s${index}`, projectService({ metadata, spec: { type: "LoadBalancer" }, status }));
}
