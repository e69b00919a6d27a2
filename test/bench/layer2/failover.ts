import type { Lab } from "../../../src/dev/lab/lab.ts";
import { type LabNode, NODES } from "../../../src/dev/lab/topology.ts";
import { errorMessage } from "../../../src/lib/errors.ts";
import { openTestLab } from "../../support/lab.ts";
import { compile } from "./c-program.ts";
import { noticed, type Noticed } from "./change-of-owner.ts";
import { FAILOVER_KINDS, type FailoverKind } from "./failover-kinds.ts";
import { hrtime, Observer } from "./observer.ts";
import { rounded, type Spread, spread } from "./quantiles.ts";
import { createService, prefer } from "./two-address-service.ts";

type Families<T> = Readonly<Record<"IPv4" | "IPv6", T>>;

/** All runs of one kind, one family. Milliseconds and counts as in `Noticed`. */
interface Summary {
  readonly runs: number;
  readonly pingGap: Spread;
  readonly pingsLost: Losses;
  readonly answerGap: Spread;
  readonly questionsLost: Losses;
  readonly claim: Spread;
  readonly overlap: Spread;
  readonly doubleAnswers: number;
  readonly staleAnswers: number;
  readonly alternations: number;
}

interface Losses {
  readonly total: number;
  /** In one run. */
  readonly most: number;
}

interface KindReport {
  readonly planned: boolean;
  /** From the owner to another node. */
  readonly away: Families<Summary>;
  /** From there to the first owner, after it is well again. A move that the speakers make by themselves, make before break. */
  readonly back?: Families<Summary>;
}

export interface FailoverReport {
  readonly kinds: Readonly<Record<string, KindReport>>;
  /** What is not as it should be; empty when all is. */
  readonly missed: readonly string[];
}

/** An unplanned change is over within this time, in 99 of 100 cases. */
const UNPLANNED_MS = 1000;

/** In a planned change, two nodes may answer for this long. */
const OVERLAP_MS = 20;

/** Seen before each change, for the gap's beginning. */
const BEFORE_MS = 100;

/** After a change, long enough for everything that a former owner may still say. */
const CALM_MS = 1300;

export interface FailoverOptions {
  /** Of each kind. */
  readonly runs: number;
  /** Names as in the report; empty: all. */
  readonly kinds: readonly string[];
}

/** What all runs of one kind noticed. */
class Collected {
  readonly planned: boolean;
  readonly away: Families<Noticed>[] = [];
  readonly back: Families<Noticed>[] = [];

  constructor(planned: boolean) {
    this.planned = planned;
  }

  report(): KindReport {
    const { planned, away, back } = this;
    return { planned, away: summaries(away), ...(back.length === 0 ? {} : { back: summaries(back) }) };
  }
}

/** In labs with three speakers, one after the other when one is not as it was before; takes about five seconds a run. */
export async function benchFailover(
  { runs, kinds: wanted }: FailoverOptions,
  tell: (progress: string) => void,
): Promise<FailoverReport> {
  using program = compile("probe");
  const kinds: Record<string, KindReport> = {};
  const failures: string[] = [];
  let bench: FailoverBench | undefined;
  const attempt = async (name: string, planned: boolean, run: RunOne): Promise<void> => {
    if (wanted.length > 0 && !wanted.includes(name)) return;
    const collected = new Collected(planned);
    for (let count = 1; count <= runs; count++) {
      tell(`${name}, ${count} of ${runs}`);
      try {
        bench ??= await FailoverBench.open(program.path, tell);
        await run(bench, collected);
      } catch (error) {
        failures.push(`${name}, ${count} of ${runs}: ${errorMessage(error)}`);
        tell(failures.at(-1)!);
        await bench?.close();
        bench = undefined;
      }
    }
    kinds[name] = collected.report();
  };
  try {
    for (const [name, kind] of Object.entries<FailoverKind>(FAILOVER_KINDS)) {
      await attempt(name, kind.planned, (bench, collected) => bench.thereAndBack(kind, collected));
    }
    await attempt("moved", true, (bench, collected) => bench.move(collected));
    return { kinds, missed: [...failures, ...missedAims(kinds)] };
  } finally {
    await bench?.close();
  }
}

type RunOne = (bench: FailoverBench, collected: Collected) => Promise<void>;

class FailoverBench {
  readonly #lab: Lab;
  readonly #observer: Observer;
  readonly #tell: (progress: string) => void;

  private constructor(lab: Lab, observer: Observer, tell: (progress: string) => void) {
    this.#lab = lab;
    this.#observer = observer;
    this.#tell = tell;
  }

  static async open(probe: string, tell: (progress: string) => void): Promise<FailoverBench> {
    const lab = await openTestLab();
    try {
      return new FailoverBench(lab, await Observer.start(lab, probe, await createService(lab)), tell);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#lab.close();
  }

  async thereAndBack({ take, giveBack }: FailoverKind, { away, back }: Collected): Promise<void> {
    const owner = await this.#owner();
    away.push(
      await this.#change(
        "away",
        (mac) => mac !== owner.mac,
        () => take(this.#lab, owner),
      ),
    );
    back.push(
      await this.#change(
        "back",
        (mac) => mac === owner.mac,
        () => giveBack(this.#lab, owner),
      ),
    );
  }

  /** From node to node, by what an L2Advertisement prefers. */
  async move({ away }: Collected): Promise<void> {
    const owner = await this.#owner();
    const next = NODES[(NODES.indexOf(owner) + 1) % NODES.length]!;
    away.push(
      await this.#change(
        "away",
        (mac) => mac === next.mac,
        () => prefer(this.#lab, next),
      ),
    );
  }

  async #owner(): Promise<LabNode> {
    const mac = await this.#observer.untilAnswered("a node", () => true);
    return NODES.find((node) => node.mac === mac)!;
  }

  /** Sets a change off, and waits until another node answers and nothing more happens. */
  async #change(what: string, isNew: (mac: string) => boolean, cause: () => unknown): Promise<Families<Noticed>> {
    this.#observer.forget(hrtime() - BEFORE_MS);
    const at = hrtime();
    await cause();
    const to = await this.#observer.untilAnswered("the next node", isNew);
    await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    const of = (family: "IPv4" | "IPv6"): Noticed => noticed(this.#observer.since(at - BEFORE_MS, family), { at, to });
    const result = { IPv4: of("IPv4"), IPv6: of("IPv6") };
    this.#tell(`${what}: ${oneLine(result.IPv4)} | ${oneLine(result.IPv6)}`);
    return result;
  }
}

/** The way back is a planned change too. */
function missedAims(kinds: Readonly<Record<string, KindReport>>): string[] {
  return Object.entries(kinds).flatMap(([name, { planned, away, back }]) => [
    ...missedByFamilies(`${name} away`, planned, away),
    ...(back === undefined ? [] : missedByFamilies(`${name} back`, true, back)),
  ]);
}

function missedByFamilies(name: string, planned: boolean, families: Families<Summary>): string[] {
  return Object.entries(families).flatMap(([family, summary]) =>
    (planned ? missedWhenPlanned(summary) : missedWhenUnplanned(summary)).map((miss) => `${name} ${family}: ${miss}`),
  );
}

function missedWhenUnplanned({ pingGap, answerGap, doubleAnswers, staleAnswers }: Summary): string[] {
  return [
    pingGap.p99 < UNPLANNED_MS ? "" : `no echo for ${pingGap.p99} ms`,
    answerGap.p99 < UNPLANNED_MS ? "" : `no answer for ${answerGap.p99} ms`,
    doubleAnswers + staleAnswers === 0 ? "" : `${doubleAnswers} double and ${staleAnswers} stale answers`,
  ].filter((miss) => miss !== "");
}

function missedWhenPlanned({ pingsLost, questionsLost, overlap, alternations }: Summary): string[] {
  return [
    pingsLost.total === 0 ? "" : `${pingsLost.total} pings lost`,
    questionsLost.total === 0 ? "" : `${questionsLost.total} questions not answered`,
    overlap.max <= OVERLAP_MS ? "" : `two owners for ${overlap.max} ms`,
    alternations === 0 ? "" : `${alternations} times an answer of the former owner after one of the new`,
  ].filter((miss) => miss !== "");
}

function oneLine(figures: Noticed): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${rounded(value as number, 1)}`)
    .join(", ");
}

function summaries(runs: readonly Families<Noticed>[]): Families<Summary> {
  return { IPv4: summary(runs.map(({ IPv4 }) => IPv4)), IPv6: summary(runs.map(({ IPv6 }) => IPv6)) };
}

function summary(runs: readonly Noticed[]): Summary {
  const all = (name: keyof Noticed): number[] => runs.map((run) => run[name]);
  const total = (name: keyof Noticed): number => all(name).reduce((sum, value) => sum + value, 0);
  const losses = (name: keyof Noticed): Losses => ({ total: total(name), most: Math.max(...all(name)) });
  return {
    runs: runs.length,
    pingGap: spread(all("pingGap")),
    pingsLost: losses("pingsLost"),
    answerGap: spread(all("answerGap")),
    questionsLost: losses("questionsLost"),
    claim: spread(all("claim")),
    overlap: spread(all("overlap")),
    doubleAnswers: total("doubleAnswers"),
    staleAnswers: total("staleAnswers"),
    alternations: total("alternations"),
  };
}
