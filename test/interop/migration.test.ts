import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LabNode, NODES } from "../../src/dev/lab/topology.ts";
import { until } from "../../src/dev/lab/wait.ts";
import { seconds } from "../../src/lib/duration.ts";
import { type CProgram, compile } from "../bench/layer2/c-program.ts";
import { type Noticed, noticed } from "../bench/layer2/change-of-owner.ts";
import { hrtime, Observer } from "../bench/layer2/observer.ts";
import { MigrationLab, type TestService } from "../support/migration-lab.ts";
import { electedOwner } from "../support/reference-speaker.ts";
import { requireOrSkip } from "../support/requirements.ts";

const requirement = requireOrSkip(["root", "netns", "addon", "bin:cc", "bin:curl", "bin:serf-0.10.1"]);

const FAMILIES = ["IPv4", "IPv6"] as const;
const NAMES = NODES.map(({ name }) => name);

/** After a change, long enough for everything that somebody may still say. */
const CALM_MS = 600;

/**
 * What is noticed of each kind of step at most, in milliseconds: for how long two nodes answer, and for how long nobody. The
 * reference's ends when its process is gone, not when others have taken over; it takes itself for alone when it begins; and
 * it may hear late that ours has come. The rest is what a busy machine adds.
 */
const LIMITS = {
  "the reference's ends": { twoOwners: 1000, noOwner: 1500 },
  "ours begins": { twoOwners: 400, noOwner: 1500 },
  "ours ends": { twoOwners: 150, noOwner: 1500 },
  "the reference's begins": { twoOwners: 1000, noOwner: 1500 },
} as const;
type Step = keyof typeof LIMITS;

/** For each node a Service that it owns while all are alive. */
const SERVICES: readonly TestService[] = NAMES.map((node) => {
  const candidates = Array.from({ length: 50 }, (_, i): TestService => {
    return { name: `of-${node}`, addresses: [`192.168.1.${200 + i}`, `fd00:192:168:1::${200 + i}`] };
  });
  return candidates.find((service) => electedOwner(service, NAMES) === node)!;
});

/** Of either kind. */
interface AnySpeaker {
  /** Names of the members that it takes for alive, in order. */
  members(): Promise<readonly string[]>;
  /** Resolves when it answers no more. */
  stop(): Promise<void>;
  /** Resolves when its process is gone. */
  readonly exited: Promise<unknown>;
}

/**
 * Three nodes of the reference become ours one after the other, and the reference's again. One encrypted cluster all the
 * time; a client pings six addresses through its neighbour cache and asks who has them, every 10 ms. The Go programs are
 * not to be had here: `ReferenceSpeaker` says what stands in for them.
 */
describe.skipIf(requirement.skip)("a cluster that goes from the reference to us node by node, and back", () => {
  let probe: CProgram;
  let responder: CProgram;
  let lab: MigrationLab;
  const speakers = new Map<LabNode, AnySpeaker>();
  const observers = new Map<TestService, Observer>();

  beforeAll(async () => {
    probe = compile("probe");
    responder = compile("reference-responder", resolve(import.meta.dirname, "../support"));
    lab = await MigrationLab.open(SERVICES, responder.path);
    for (const node of NODES) speakers.set(node, lab.startReference(node));
    for (const [i, service] of SERVICES.entries())
      observers.set(service, await Observer.start(lab, probe.path, service.addresses, `eye${i}`));
    await settled();
  });

  afterAll(async () => {
    await lab?.close();
    probe?.[Symbol.dispose]();
    responder?.[Symbol.dispose]();
  });

  function ownerOf(service: TestService): LabNode {
    const name = electedOwner(
      service,
      [...speakers.keys()].map((node) => node.name),
    );
    return NODES.find((node) => node.name === name)!;
  }

  /** Waits until every speaker sees just those that run, and each Service is answered by whom the rule says. */
  async function settled(): Promise<void> {
    const alive = [...speakers.keys()].map(({ name }) => name).toSorted();
    for (const [node, speaker] of speakers)
      await until(`${node.name} to see ${alive.join(", ")}`, seconds(20), async () => {
        return (await speaker.members()).join() === alive.join() || undefined;
      });
    for (const [service, observer] of observers) {
      const { name, mac } = ownerOf(service);
      await observer.untilAnswered(name, (answerer) => answerer === mac);
    }
  }

  /** Takes a step, and returns what was noticed of it, for each address. */
  async function change(what: () => Promise<void>): Promise<readonly Noticed[]> {
    const at = hrtime();
    for (const observer of observers.values()) observer.forget(at - 100);
    await what();
    await settled();
    await new Promise((done) => setTimeout(done, CALM_MS));
    return [...observers].flatMap(([service, observer]) => {
      const to = ownerOf(service).mac;
      return FAMILIES.map((family) => noticed(observer.since(at - 100, family), { at, to }));
    });
  }

  /** Replaces the speaker of a node, and returns what was noticed when the old one ended and when the new one began. */
  async function replace(node: LabNode, start: (node: LabNode) => AnySpeaker) {
    const old = speakers.get(node)!;
    const ended = await change(async () => {
      speakers.delete(node);
      await old.stop();
    });
    await old.exited;
    const began = await change(async () => void speakers.set(node, start(node)));
    return { ended, began };
  }

  const rounds: readonly { to: string; ends: Step; begins: Step; start: (node: LabNode) => AnySpeaker }[] = [
    {
      to: "us",
      ends: "the reference's ends",
      begins: "ours begins",
      start: (node) => lab.startOurs(node),
    },
    {
      to: "the reference",
      ends: "ours ends",
      begins: "the reference's begins",
      start: (node) => lab.startReference(node),
    },
  ];

  test.for(rounds)(
    "to $to: no ping is lost, and owners are those that the rule elects",
    async (round, { annotate }) => {
      const { ends, begins, start } = round;
      const steps: { step: Step; seen: readonly Noticed[] }[] = [];
      for (const node of NODES) {
        const { ended, began } = await replace(node, start);
        steps.push({ step: ends, seen: ended }, { step: begins, seen: began });
      }
      for (const step of [ends, begins]) {
        const seen = steps.filter((taken) => taken.step === step).flatMap((taken) => taken.seen);
        const worst = (what: keyof Noticed): number => Math.round(Math.max(...seen.map((noticed) => noticed[what])));
        const [pingsLost, twoOwners, noOwner] = [worst("pingsLost"), worst("overlap"), worst("answerGap")];
        await annotate(`${step}: ${pingsLost} pings lost, two owners for ${twoOwners} ms, none for ${noOwner} ms`);
        expect({
          step,
          pingsLost,
          twoOwners: twoOwners > LIMITS[step].twoOwners && `for ${twoOwners} ms`,
          noOwner: noOwner > LIMITS[step].noOwner && `for ${noOwner} ms`,
        }).toEqual({ step, pingsLost: 0, twoOwners: false, noOwner: false });
      }
    },
  );
});
