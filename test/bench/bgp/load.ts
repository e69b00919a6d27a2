import { startBird } from "../../support/routers/bird.ts";
import { startFrr } from "../../support/routers/frr.ts";
import type { CountingRouter, PlacedRouter } from "../../support/routers/router.ts";
import { BenchLink, INTERFACE } from "./link.ts";
import { startExabgpSender, startGobgpSender, startOurs, type StartSender } from "./senders.ts";
import { now, until } from "./until.ts";
import { MESSAGE, type SeenMessage, WireCapture } from "./wire-capture.ts";

/** Times in milliseconds. */
interface Transfer {
  readonly updates: number;
  readonly bytes: number;
  /** From the first UPDATE to the last on the wire. */
  readonly sent: number;
  /** From the first UPDATE until the receiver's own command line counts it all. */
  readonly accepted: number;
}

export interface LoadFigures {
  readonly receiver: string;
  readonly sender: string;
  readonly peers: number;
  readonly prefixesEach: number;
  /** From the session's first KEEPALIVE of either side to the first UPDATE; of several sessions, the first. */
  readonly waited: number;
  readonly table: Transfer;
  readonly withdrawal: Transfer;
}

export interface LoadOptions {
  readonly prefixes: number;
  /** Only these; none: all. */
  readonly senders: readonly string[];
}

interface Plan {
  readonly peers: number;
  readonly prefixes: number;
}

type StartReceiver = (plan: PlacedRouter) => Promise<CountingRouter>;

const RECEIVERS: Readonly<Record<string, StartReceiver>> = { FRR: startFrr, BIRD: startBird };
const SENDERS: Readonly<Record<string, StartSender>> = {
  ours: startOurs,
  GoBGP: startGobgpSender,
  ExaBGP: startExabgpSender,
};
const MANY_PEERS = 10;
/** Of the table that one peer gets. GoBGP takes minutes for all of it. */
const SHARE_OF_MANY = 10;
const PATIENCE = 120_000;

/** A table from each sender to each receiver over one session, and to ten sessions with one receiver at once. */
export async function benchLoad(
  { prefixes, senders }: LoadOptions,
  tell: (progress: string) => void,
): Promise<readonly LoadFigures[]> {
  const figures: LoadFigures[] = [];
  const run = async (receiver: string, sender: string, plan: Plan): Promise<void> => {
    if (senders.length > 0 && !senders.includes(sender)) return;
    tell(`load: ${plan.prefixes} prefixes from ${sender} to ${receiver} in each of ${plan.peers} sessions`);
    figures.push(await transfer(receiver, sender, plan));
  };
  for (const receiver of Object.keys(RECEIVERS)) {
    for (const sender of Object.keys(SENDERS)) await run(receiver, sender, { peers: 1, prefixes });
  }
  await run("BIRD", "ours", { peers: MANY_PEERS, prefixes });
  // ExaBGP would have to read its table ten times, which takes minutes as well.
  for (const sender of ["ours", "GoBGP"])
    await run("BIRD", sender, { peers: MANY_PEERS, prefixes: Math.round(prefixes / SHARE_OF_MANY) });
  return figures;
}

async function transfer(receiver: string, sender: string, { peers, prefixes }: Plan): Promise<LoadFigures> {
  const link = new BenchLink(peers);
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const capture = await WireCapture.start(link.receiver, INTERFACE);
    closing.push(() => capture.stop());
    const from = await SENDERS[sender]!(link, prefixes);
    closing.push(() => from.stop());
    await from.ready();
    const to = await RECEIVERS[receiver]!(link.receiverPlan());
    closing.push(() => to.stop());
    const counts = async (wanted: number): Promise<boolean> => {
      const taken = [...(await to.taken()).values()];
      return taken.length === peers && taken.every((count) => count === wanted);
    };
    const allThere = await until(`${receiver} has the table`, PATIENCE, () => counts(prefixes));
    const turn = now();
    await from.withdraw();
    const allGone = await until(`${receiver} has nothing`, PATIENCE, () => counts(0));
    closing.shift();
    const messages = await capture.stop();
    const ofSender = messages.filter(({ from }) => from.startsWith("10.9.1."));
    const table = ofSender.filter(({ at }) => at < turn);
    return {
      receiver,
      sender,
      peers,
      prefixesEach: prefixes,
      waited: rounded(firstUpdate(table) - established(messages)),
      table: figuresOf(table, allThere),
      withdrawal: figuresOf(
        ofSender.filter(({ at }) => at >= turn),
        allGone,
      ),
    };
  } finally {
    for (const close of closing.toReversed()) await close();
    link.close();
  }
}

/** Both sides have said KEEPALIVE. */
function established(messages: readonly SeenMessage[]): number {
  const keepalives = messages.filter(({ type }) => type === MESSAGE.KEEPALIVE);
  const first = keepalives[0]!;
  return keepalives.find(({ from }) => from !== first.from)!.at;
}

function firstUpdate(messages: readonly SeenMessage[]): number {
  return messages.find(({ type }) => type === MESSAGE.UPDATE)!.at;
}

function figuresOf(messages: readonly SeenMessage[], accepted: number): Transfer {
  const updates = messages.filter(({ type }) => type === MESSAGE.UPDATE);
  const first = firstUpdate(updates);
  return {
    updates: updates.length,
    bytes: updates.reduce((sum, { bytes }) => sum + bytes, 0),
    sent: rounded(updates.at(-1)!.at - first),
    accepted: rounded(accepted - first),
  };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
