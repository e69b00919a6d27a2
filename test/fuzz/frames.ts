import { toHex } from "../../src/bytes/hex.ts";
import { addressFromBytes, formatAddress, type IpAddress, parseAddress } from "../../src/ip/address.ts";
import { formatMac, parseMac } from "../../src/ip/mac.ts";
import { BugError } from "../../src/lib/errors.ts";
import { seconds } from "../../src/lib/duration.ts";
import { type Answer, respondToArp, respondToNdp, type Standing, type Station } from "../../src/layer2/responder.ts";
import type { FrameKind } from "../../src/ports/frames.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { testLink } from "../support/test-link.ts";
import { type CostReport, CostWatch } from "./cost.ts";
import { HostileFrames } from "./frame-bytes.ts";
import { FuzzedEngine } from "./fuzzed-engine.ts";

interface FramesFuzzReport extends CostReport {
  readonly cases: number;
  readonly seed: number;
  readonly answered: number;
  /** Of these, by an engine whose addresses come and go. */
  readonly answeredMeanwhile: number;
  /** Frames that were not answered, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Frames in which another station claimed an address of ours. */
  readonly claims: number;
  /** What the engines told, by kind of event: one that owns its addresses all the time, and one whose addresses come and go. */
  readonly events: {
    readonly steady: Readonly<Record<string, number>>;
    readonly restless: Readonly<Record<string, number>>;
  };
}

const OUR_MAC = "02:00:00:00:00:01";
const HERE = ["10.9.0.100", "fd09::100"];
const ELSEWHERE = ["10.9.0.101", "fd09::101"];
const FOREIGN = ["10.9.0.102", "fd09::102"];

const LINK = testLink({ mac: parseMac(OUR_MAC)! });

const STANDINGS = new Map<IpAddress, Standing>([
  ...HERE.map((text): [IpAddress, Standing] => [parseAddress(text)!, "announced"]),
  ...ELSEWHERE.map((text): [IpAddress, Standing] => [parseAddress(text)!, "other-interface"]),
]);
const STATION: Station = {
  mac: LINK.mac!,
  standing: (address) => STANDINGS.get(address) ?? "not-announced",
};

const STEADY = { link: LINK, here: HERE, elsewhere: ELSEWHERE };

/** Cases between two looks at the heap, in which a second passes, and between two changes to what is owned. */
const BETWEEN_LOOKS = 500_000;
const CASES_PER_SECOND = 1000;
const CASES_PER_CHANGE = 20;

/**
 * Feeds hostile frames to the responder and to two engines, which live through all of them. Throws when one of them
 * throws, is answered where it must not be, computes for longer than half a second, or memory grows by more than 64 MiB.
 */
export function fuzzFrames(cases: number, seed: number): FramesFuzzReport {
  const random = seededRandom(seed);
  const hostile = new HostileFrames(random, { ourMac: OUR_MAC, addresses: [...HERE, ...ELSEWHERE, ...FOREIGN] });
  const engine = new FuzzedEngine(STEADY);
  const restless = new FuzzedEngine(STEADY);
  const dropped: Record<string, number> = {};
  let answered = 0;
  let answeredMeanwhile = 0;
  let claims = 0;

  function feed(frame: Uint8Array): void {
    const kind: FrameKind = frame[12] === 0x08 && frame[13] === 0x06 ? "arp" : "ndp";
    const answer = kind === "arp" ? respondToArp(frame, STATION) : respondToNdp(frame, STATION);
    checkSteady(answer, engine.receive(kind, frame));
    for (const sent of restless.receive(kind, frame)) {
      checkRestless(sent);
      answeredMeanwhile++;
    }
    if (answer.claim !== undefined) claims++;
    if (answer.kind === "reply") answered++;
    else dropped[answer.reason] = (dropped[answer.reason] ?? 0) + 1;
  }

  const cost = new CostWatch();
  for (let i = 0; i < cases; i++) {
    if (i % BETWEEN_LOOKS === BETWEEN_LOOKS - 1) cost.measureHeap();
    const frame = hostile.frame();
    cost.run(
      () => {
        feed(frame);
        if (i % CASES_PER_SECOND === 0) engine.clock.advance(seconds(1));
        if (i % CASES_PER_CHANGE === 0) restless.change(random);
      },
      () => `case ${i} of seed ${seed}, ${toHex(frame)},`,
    );
  }
  return {
    cases,
    seed,
    answered,
    answeredMeanwhile,
    dropped,
    claims,
    events: { steady: engine.told, restless: restless.told },
    ...cost.report,
  };
}

/** One answer by an engine that owns the addresses where the responder has one, none where it has not. */
function checkSteady(answer: Answer, sent: readonly Uint8Array[]): void {
  const expected = answer.kind === "reply" ? [toHex(answer.frame)] : [];
  if (sent.map(toHex).join() !== expected.join()) throw new BugError(`the engine sent ${sent.map(toHex).join()}`);
  if (answer.kind !== "reply") return;
  if (STATION.standing(answer.address) !== "announced") throw new BugError(`answers ${formatAddress(answer.address)}`);
  checkDestination(answer.frame);
}

/** One whose addresses come and go answers for what may be its own at that time. */
function checkRestless(sent: Uint8Array): void {
  const isArp = sent[12] === 0x08;
  const address = addressFromBytes(isArp ? sent.subarray(28, 32) : sent.subarray(62, 78));
  if (STATION.standing(address) !== "announced") throw new BugError(`answers ${formatAddress(address)}`);
  checkDestination(sent);
}

/** No group ever gets an answer but all nodes, and then to a probe for duplicates. */
function checkDestination(frame: Uint8Array): void {
  const to = formatMac(frame.subarray(0, 6));
  if ((frame[0]! & 1) === 1 && to !== "33:33:00:00:00:01") throw new BugError(`answers the group ${to}`);
}
