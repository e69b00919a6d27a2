import { toHex } from "../../src/bytes/hex.ts";
import { formatAddress, type IpAddress, parseAddress } from "../../src/ip/address.ts";
import { formatMac, parseMac } from "../../src/ip/mac.ts";
import { BugError } from "../../src/lib/errors.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { type Answer, respondToArp, respondToNdp, type Standing, type Station } from "../../src/layer2/responder.ts";
import type { FrameKind, Frames } from "../../src/ports/frames.ts";
import type { Link } from "../../src/ports/links.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import type { WorkerEvent } from "../../src/speaker/protocol.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type CostReport, CostWatch } from "./cost.ts";
import { HostileFrames } from "./frame-bytes.ts";

interface FramesFuzzReport extends CostReport {
  readonly cases: number;
  readonly seed: number;
  readonly answered: number;
  /** Frames that were not answered, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Frames in which another station claimed an address of ours. */
  readonly claims: number;
  /** What the engine told, by kind of event. */
  readonly events: Readonly<Record<string, number>>;
}

const OUR_MAC = "02:00:00:00:00:01";
const HERE = ["10.9.0.100", "fd09::100"];
const ELSEWHERE = ["10.9.0.101", "fd09::101"];
const FOREIGN = ["10.9.0.102", "fd09::102"];

const LINK: Link = {
  index: 2,
  name: "eth0",
  mac: parseMac(OUR_MAC)!,
  up: true,
  running: true,
  broadcast: true,
  noArp: false,
  hasMaster: false,
  addresses: [{ address: parseAddress("fe80::1")!, prefixLength: 64 }],
};

const STANDINGS = new Map<IpAddress, Standing>([
  ...HERE.map((text): [IpAddress, Standing] => [parseAddress(text)!, "announced"]),
  ...ELSEWHERE.map((text): [IpAddress, Standing] => [parseAddress(text)!, "other-interface"]),
]);
const STATION: Station = {
  mac: LINK.mac!,
  standing: (address) => STANDINGS.get(address) ?? "not-announced",
};

/** Cases between two looks at the heap, and cases in which a second passes. */
const BETWEEN_LOOKS = 500_000;
const CASES_PER_SECOND = 1000;

/**
 * Feeds hostile frames to the responder and to one engine, which lives through all of them. Throws when one of them
 * throws, is answered where it must not be, computes for longer than half a second, or memory grows by more than 64 MiB.
 */
export function fuzzFrames(cases: number, seed: number): FramesFuzzReport {
  const random = seededRandom(seed);
  const hostile = new HostileFrames(random, { ourMac: OUR_MAC, addresses: [...HERE, ...ELSEWHERE, ...FOREIGN] });
  const engine = new EngineOnFakeSockets();
  const dropped: Record<string, number> = {};
  let answered = 0;
  let claims = 0;

  function feed(frame: Uint8Array): void {
    const kind: FrameKind = frame[12] === 0x08 && frame[13] === 0x06 ? "arp" : "ndp";
    const answer = kind === "arp" ? respondToArp(frame, STATION) : respondToNdp(frame, STATION);
    const sent = engine.receive(kind, frame);
    checkAnswer(answer, sent);
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
      },
      () => `case ${i} of seed ${seed}, ${toHex(frame)},`,
    );
  }
  return { cases, seed, answered, dropped, claims, events: engine.told, ...cost.report };
}

/** One answer by the engine where the responder has one, none where it has not; and never to a group but all nodes. */
function checkAnswer(answer: Answer, sent: readonly Uint8Array[]): void {
  const expected = answer.kind === "reply" ? [toHex(answer.frame)] : [];
  if (sent.map(toHex).join() !== expected.join()) throw new BugError(`the engine sent ${sent.map(toHex).join()}`);
  if (answer.kind !== "reply") return;
  if (STATION.standing(answer.address) !== "announced") throw new BugError(`answers ${formatAddress(answer.address)}`);
  const to = formatMac(answer.frame.subarray(0, 6));
  if ((answer.frame[0]! & 1) === 1 && to !== "33:33:00:00:00:01") throw new BugError(`answers the group ${to}`);
}

/** An engine that owns the addresses, on a clock that passes when told. */
class EngineOnFakeSockets {
  readonly clock = new ManualClock();
  readonly told: Record<string, number> = {};
  readonly #sockets = new Map<FrameKind, (frame: Uint8Array) => void>();
  #sent: Uint8Array[] = [];

  constructor() {
    const { clock } = this;
    const emit = ({ on }: WorkerEvent): void => void (this.told[on] = (this.told[on] ?? 0) + 1);
    const links = { watch: (onChange: (links: readonly Link[]) => void) => (onChange([LINK]), { close: () => {} }) };
    const ports = { frames: this.#frames(), links, clock, random: seededRandom(0), emit };
    const engine = new Layer2Engine(/^lo$/u, ports);
    engine.start();
    for (const text of HERE) this.#announce(engine, text, "all");
    for (const text of ELSEWHERE) this.#announce(engine, text, ["eth9"]);
    // Past the first burst, and past the time in which claims are taken for a move.
    clock.advance(seconds(10));
  }

  /** What it sends at once. */
  receive(kind: FrameKind, frame: Uint8Array): readonly Uint8Array[] {
    this.#sent = [];
    this.#sockets.get(kind)!(frame);
    return this.#sent;
  }

  #announce(engine: Layer2Engine, text: string, interfaces: "all" | readonly string[]): void {
    engine.command({ do: "announce", announcement: { address: parseAddress(text)!, interfaces } });
    this.clock.advance(millis(0));
  }

  #frames(): Frames {
    return {
      probe: () => {},
      open: (_link, kind, onFrame) => {
        this.#sockets.set(kind, onFrame);
        return {
          send: (frame) => this.#sent.push(frame.slice()) > 0,
          listenFor: () => {},
          close: () => void this.#sockets.delete(kind),
        };
      },
    };
  }
}
