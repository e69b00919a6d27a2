/** A node's real sessions as a process, whose routes are a table of any length. Commands and answers are lines of JSON. */
import { parseBgp } from "../../../src/config/parse-bgp.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { answerLines } from "./line-process.ts";
import { type BenchPeer, bgpPeerObject, startNodeSessions } from "./node-speaker.ts";
import { routeTable } from "./table.ts";

export type SpeakerCommand =
  | { readonly do: "peers"; readonly peers: readonly BenchPeer[] }
  /** Every peer is to have a table of this length, which they share. */
  | { readonly do: "table"; readonly prefixes: number }
  | { readonly do: "usage" }
  /** Processor time only, without collecting garbage first. */
  | { readonly do: "cpu" };

export interface SpeakerUsage {
  readonly established: number;
  /** Prefixes, over all peers. */
  readonly told: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Processor time so far. */
  readonly cpuMicros: number;
}

const sessions = await startNodeSessions(createMetrics("speaker"));

answerLines((command: SpeakerCommand) => {
  switch (command.do) {
    case "peers":
      return setPeers(command.peers);
    case "table":
      return setTable(command.prefixes);
    case "usage":
      return usage();
    case "cpu":
      return { cpuMicros: cpuMicros() };
  }
});

function setPeers(peers: readonly BenchPeer[]): void {
  const bgpPeers = peers.map(bgpPeerObject);
  const objects = { ipAddressPools: [], bgpPeers, bgpAdvertisements: [], bfdProfiles: [], communities: [] };
  const { config, issues } = parseBgp(objects, []);
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  sessions.setPeers(config.peers);
}

function setTable(prefixes: number): void {
  const routes = routeTable(prefixes);
  for (const [peer] of sessions.reports()) sessions.changeRoutes(peer, (rib) => rib.replace(routes));
}

function usage(): SpeakerUsage {
  globalThis.gc?.();
  const reports = sessions.reports().map(([, report]) => report);
  const counts = reports.flatMap(({ rib }) => Object.values(rib.counts()));
  const { rss, heapUsed } = process.memoryUsage();
  return {
    established: reports.filter(({ session }) => session.state === "Established").length,
    told: counts.reduce((sum, { told }) => sum + told, 0),
    rssBytes: rss,
    heapBytes: heapUsed,
    cpuMicros: cpuMicros(),
  };
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
