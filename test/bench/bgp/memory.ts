import { startBird } from "../../support/routers/bird.ts";
import { LineProcess } from "./line-process.ts";
import { BenchLink } from "./link.ts";
import type { SpeakerCommand, SpeakerUsage } from "./speaker-process.ts";
import { until } from "./until.ts";

export interface MemoryFigures {
  /** Resident memory of a speaker whose peers have the same table, in all. */
  readonly tables: readonly TableMemory[];
  /** Bytes of resident memory and of heap for each prefix: with one peer, and for each further peer. */
  readonly perPrefix: Readonly<Record<"first" | "further", PerPrefix>>;
  readonly idle: IdleFigures;
}

interface PerPrefix {
  readonly rss: number;
  readonly heap: number;
}

interface TableMemory {
  readonly peers: number;
  readonly prefixes: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
}

/** Sessions without routes, hold time 90 s. */
interface IdleFigures {
  readonly sessions: number;
  readonly rssKiBPerSession: number;
  readonly heapKiBPerSession: number;
  readonly cpuMsPerMinute: number;
  /** The same process without sessions. */
  readonly cpuMsPerMinuteWithout: number;
}

const PEERS = 10;
const IDLE_SESSIONS = 50;
const MIB = 1024 * 1024;

interface MemoryOptions {
  readonly prefixes: number;
  readonly seconds: number;
}

/** What a speaker needs, with BIRD at the other end. Resident memory is as it is after a collection. */
export async function benchMemory(
  { prefixes, seconds }: MemoryOptions,
  tell: (progress: string) => void,
): Promise<MemoryFigures> {
  const tables: TableMemory[] = [];
  const used: SpeakerUsage[] = [];
  for (const [peers, count] of [
    [1, 0],
    [1, prefixes],
    [PEERS, 0],
    [PEERS, prefixes],
  ] as const) {
    tell(`memory: ${peers} peers, ${count} prefixes`);
    const usage = await withSessions(peers, async (speaker) => {
      await speaker.ask({ do: "table", prefixes: count });
      return settled(speaker, (usage) => usage.told === peers * count);
    });
    used.push(usage);
    tables.push({ peers, prefixes: count, rssMiB: inMiB(usage.rssBytes), heapMiB: inMiB(usage.heapBytes) });
  }
  const [one, oneFull, many, manyFull] = used as [SpeakerUsage, SpeakerUsage, SpeakerUsage, SpeakerUsage];
  const perPrefix = (of: "rssBytes" | "heapBytes") => {
    const first = oneFull[of] - one[of];
    const further = (manyFull[of] - many[of] - first) / (PEERS - 1);
    return { first: Math.round(first / prefixes), further: Math.round(further / prefixes) };
  };
  const [rss, heap] = [perPrefix("rssBytes"), perPrefix("heapBytes")];
  return {
    tables,
    perPrefix: {
      first: { rss: rss.first, heap: heap.first },
      further: { rss: rss.further, heap: heap.further },
    },
    idle: await idle(seconds, tell),
  };
}

async function idle(seconds: number, tell: (progress: string) => void): Promise<IdleFigures> {
  const watched = (sessions: number): Promise<readonly [SpeakerUsage, number]> => {
    tell(`memory: ${sessions} idle sessions, ${seconds} s`);
    return withSessions(sessions, async (speaker) => {
      const before = await settled(speaker, ({ established }) => established === sessions);
      await new Promise((lapse) => setTimeout(lapse, seconds * 1000));
      // Collecting garbage for the report would count as well.
      const { cpuMicros } = await speaker.ask<Pick<SpeakerUsage, "cpuMicros">>({ do: "cpu" });
      return [before, ((cpuMicros - before.cpuMicros) / 1000 / seconds) * 60] as const;
    });
  };
  const [[none, without], [all, cpu]] = await Promise.all([watched(0), watched(IDLE_SESSIONS)]);
  return {
    sessions: IDLE_SESSIONS,
    rssKiBPerSession: Math.round((all.rssBytes - none.rssBytes) / IDLE_SESSIONS / 1024),
    heapKiBPerSession: Math.round((all.heapBytes - none.heapBytes) / IDLE_SESSIONS / 1024),
    cpuMsPerMinute: Math.round(cpu),
    cpuMsPerMinuteWithout: Math.round(without),
  };
}

async function withSessions<T>(
  sessions: number,
  work: (speaker: LineProcess<SpeakerCommand>) => Promise<T>,
): Promise<T> {
  const link = new BenchLink(Math.max(sessions, 1));
  const router = await startBird(link.receiverPlan());
  try {
    const speaker = await LineProcess.start<SpeakerCommand>(link.network, link.sender, "speaker-process.ts");
    await speaker.ask({ do: "peers", peers: link.benchPeers().slice(0, sessions) });
    await settled(speaker, ({ established }) => established === sessions);
    return await work(speaker);
  } finally {
    await router.stop();
    link.close();
  }
}

/** Once it is so, and the process has had time to let go of what it no longer needs. */
async function settled(
  speaker: LineProcess<SpeakerCommand>,
  isSo: (usage: SpeakerUsage) => boolean,
): Promise<SpeakerUsage> {
  const usage = () => speaker.ask<SpeakerUsage>({ do: "usage" });
  await until("the sessions are as they should be", 60_000, async () => isSo(await usage()));
  await new Promise((lapse) => setTimeout(lapse, 2000));
  await usage();
  return usage();
}

function inMiB(bytes: number): number {
  return Math.round((bytes / MIB) * 10) / 10;
}
