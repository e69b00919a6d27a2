import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXCLUDE_LABEL } from "../../src/config/node.ts";
import { KINDS } from "../../src/config/kinds.ts";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { type LabNode, NODES } from "../../src/dev/lab/topology.ts";
import { compile } from "../bench/layer2/c-program.ts";
import { noticed } from "../bench/layer2/change-of-owner.ts";
import { hrtime, Observer } from "../bench/layer2/observer.ts";
import { createService, prefer } from "../bench/layer2/two-address-service.ts";
import { openTestLab } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";

const requirement = requireOrSkip(["root", "netns", "addon", "bin:cc"]);

/** After a move, long enough for everything that the former owner may still say. */
const CALM_MS = 1300;

/** What the machine may add on a bad day to the 20 ms that `npm run bench:layer2` holds the moves to. */
const OVERLAP_MS = 100;

/** Without the old owner's patience nobody would answer for as long as the new one needs to begin. */
const NO_ANSWER_MS = 500;

const FAMILIES = ["IPv4", "IPv6"] as const;
const UNNOTICED = FAMILIES.map(() => ({ pingsLost: 0, alternations: 0, twoOwners: false, noOwner: false }));

/** One client pings both addresses of a Service through its neighbour cache, and asks who has them, every 10 ms. */
describe.skipIf(requirement.skip)("an address that moves as planned", () => {
  let lab: Lab;
  let program: ReturnType<typeof compile>;
  let observer: Observer;

  beforeAll(async () => {
    program = compile("probe");
    lab = await openTestLab();
    observer = await Observer.start(lab, program.path, await createService(lab));
  });

  afterAll(async () => {
    await lab?.close();
    program?.[Symbol.dispose]();
  });

  async function owner(): Promise<LabNode> {
    const mac = await observer.untilAnswered("a node", () => true);
    return NODES.find((node) => node.mac === mac)!;
  }

  async function label(node: LabNode, value: string | null): Promise<void> {
    const body = { metadata: { labels: { [EXCLUDE_LABEL]: value } } };
    const patched = await lab.cluster.client.patch(
      KINDS.Node,
      { namespace: "", name: node.name },
      { type: "merge", body },
    );
    if (!patched.ok) throw new Error(`the Node can't be changed: ${patched.error.message}`);
  }

  /** Carries out a move, and says what users of the addresses noticed. */
  async function move(cause: () => Promise<void>, isNew: (mac: string) => boolean): Promise<unknown> {
    const at = hrtime();
    observer.forget(at - 100);
    await cause();
    const to = await observer.untilAnswered("the next node", isNew);
    await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    return FAMILIES.map((family) => {
      const { pingsLost, alternations, overlap, answerGap } = noticed(observer.since(at - 100, family), { at, to });
      return {
        pingsLost,
        alternations,
        twoOwners: overlap > OVERLAP_MS && `for ${overlap} ms`,
        noOwner: answerGap > NO_ANSWER_MS && `for ${answerGap} ms`,
      };
    });
  }

  test("because another node is preferred", async () => {
    const next = NODES[(NODES.indexOf(await owner()) + 1) % NODES.length]!;
    expect(
      await move(
        () => prefer(lab, next),
        (mac) => mac === next.mac,
      ),
    ).toEqual(UNNOTICED);
  });

  test("because its node is drained, and back", async () => {
    const drained = await owner();
    expect(
      await move(
        () => label(drained, ""),
        (mac) => mac !== drained.mac,
      ),
    ).toEqual(UNNOTICED);
    expect(
      await move(
        () => label(drained, null),
        (mac) => mac === drained.mac,
      ),
    ).toEqual(UNNOTICED);
  });

  test("because its speaker is told to stop, and back when it runs again", async () => {
    const stopped = await owner();
    const began = Date.now();
    expect(
      await move(
        () => lab.stopSpeaker(stopped),
        (mac) => mac !== stopped.mac,
      ),
    ).toEqual(UNNOTICED);
    // Kubernetes gives it two seconds; the rest is what this test waits for.
    expect(Date.now() - began).toBeLessThan(2000 + CALM_MS);
    expect(
      await move(
        () => lab.startSpeaker(stopped),
        (mac) => mac === stopped.mac,
      ),
    ).toEqual(UNNOTICED);
  });
});
