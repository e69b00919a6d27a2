import { millis, seconds } from "../lib/duration.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { DoubtReason, Standing } from "../membership/self-doubt.ts";
import { SpeakerPods, type SpeakerPodsOptions, type SpeakerPodsPorts } from "./speaker-pods.ts";
import { DOUBTS, holdsBack } from "./holding-back.ts";
import type { MembershipFacts } from "./live-state.ts";
import type { ProtocolWorker, WorkerEvent } from "./protocol.ts";

export interface MembersPorts extends Omit<SpeakerPodsPorts, "onSeeds"> {
  readonly worker: ProtocolWorker;
  /** These nodes' speakers are alive; nobody's, until we have joined them. */
  readonly onAlive: (nodes: ReadonlySet<string>) => void;
  /** Whether nothing is answered at present, since others may have taken our place. */
  readonly onHoldBack: (heldBack: boolean) => void;
  readonly metrics: Metrics;
}

type Doubt =
  | { readonly kind: "sure"; readonly reason?: undefined }
  | { readonly kind: "doubtful"; readonly reason: DoubtReason };

/** Between two attempts to reach the API server. */
const WITNESS_INTERVAL = seconds(1);

/** A network that comes back may bring the API server first: the others have this long to be heard, too. */
const LAST_CHANCE = millis(400);

/** Membership as the main thread sees it: tells the worker where to look, and hears from it who is alive. */
export class Members {
  readonly #ports: MembersPorts;
  readonly #pods: SpeakerPods;
  #alive: ReadonlySet<string> = new Set();
  #standing: Standing | undefined;
  /** The doubt that is none, since the API server was reached in it. */
  #vouched: Standing | undefined;
  /** When the present standing was told, in wall-clock milliseconds. */
  #since: number;
  #roster: MembershipFacts["members"] = [];
  #closed = false;

  constructor(options: SpeakerPodsOptions, ports: MembersPorts) {
    this.#ports = ports;
    this.#since = ports.clock.wallTime();
    this.#pods = new SpeakerPods(options, { ...ports, onSeeds: (seeds) => ports.worker.send({ do: "join", seeds }) });
  }

  start(): void {
    const { onAlive, onHoldBack } = this.#ports;
    onAlive(this.#alive);
    onHoldBack(this.#holdsBack);
    this.#showStanding();
    this.#pods.start();
  }

  get facts(): MembershipFacts {
    const { kind, reason } = this.#doubt;
    const members = this.#roster;
    if (kind === "sure") return { standing: { kind }, members };
    return { standing: { kind, reason, since: this.#since, holdsBack: this.#holdsBack }, members };
  }

  close(): void {
    this.#closed = true;
    this.#pods.close();
  }

  /** Why nothing is answered at present; undefined: nothing is amiss. */
  waitingFor(): string | undefined {
    if (this.#standing === undefined) return "waiting for membership";
    const doubt = this.#doubt;
    return doubt.kind === "sure" || !this.#holdsBack ? undefined : `this speaker ${DOUBTS[doubt.reason]}`;
  }

  onWorkerEvent(event: WorkerEvent): void {
    if (event.on === "members") this.#setAlive(new Set(event.nodes));
    if (event.on === "roster") this.#setRoster(event);
    if (event.on === "standing") {
      this.#setStanding(event.standing);
      this.#showStanding();
      this.#ports.onHoldBack(this.#holdsBack);
    }
  }

  /** Until the worker tells, it has yet to join. */
  get #doubt(): Doubt {
    return this.#standing ?? { kind: "doubtful", reason: "joining" };
  }

  get #holdsBack(): boolean {
    const standing = this.#standing;
    return standing === undefined || (holdsBack(standing) && standing !== this.#vouched);
  }

  #setRoster({ members, refused }: WorkerEvent & { readonly on: "roster" }): void {
    const { metrics } = this.#ports;
    this.#roster = members;
    for (const state of ["alive", "suspect"] as const) {
      const count = members.filter((member) => member.state === state).length;
      metrics.set("metallb_membership_members", { state }, count);
    }
    for (const { reason, times } of refused) metrics.add("metallb_membership_packets_refused_total", { reason }, times);
  }

  #showStanding(): void {
    const doubt = this.#doubt;
    for (const reason of Object.keys(DOUBTS))
      this.#ports.metrics.set("metallb_membership_doubtful", { reason }, Number(doubt.reason === reason));
  }

  #setAlive(alive: ReadonlySet<string>): void {
    const { log, onAlive } = this.#ports;
    const came = [...alive].filter((node) => !this.#alive.has(node));
    const went = [...this.#alive].filter((node) => !alive.has(node));
    if (came.length === 0 && went.length === 0) return;
    this.#alive = alive;
    log.info({ came, went, alive: alive.size }, `speakers: ${describe(came, went)}`);
    onAlive(alive);
  }

  #setStanding(standing: Standing): void {
    const before = this.#standing;
    this.#standing = standing;
    this.#since = this.#ports.clock.wallTime();
    const { log } = this.#ports;
    if (standing.kind === "sure") {
      if (before?.kind === "doubtful") log.info({ after: before.reason }, "this speaker is in touch with the others");
      return;
    }
    const { reason, peers } = standing;
    if (before?.kind === "doubtful" && before.reason === reason) return;
    const consequence = holdsBack(standing) ? "it answers nothing until it has spoken with others" : "it goes on";
    log.warn({ reason, peers }, `this speaker ${DOUBTS[reason]}: ${consequence}`);
    if (reason === "silence" && holdsBack(standing)) void this.#seekWitness(standing);
  }

  /** With all others gone at once, the API server can tell their end from ours: by an answer at both ends of their chance. */
  async #seekWitness(doubt: Standing & { readonly kind: "doubtful" }, answeredBefore = false): Promise<void> {
    const { worker, clock, log } = this.#ports;
    const answered = await this.#pods.look();
    if (this.#closed || this.#standing !== doubt) return;
    if (!answered || !answeredBefore) {
      clock.after(answered ? LAST_CHANCE : WITNESS_INTERVAL, () => {
        if (!this.#closed && this.#standing === doubt) void this.#seekWitness(doubt, answered);
      });
      return;
    }
    this.#vouched = doubt;
    this.#ports.onHoldBack(false);
    log.warn(
      { peers: doubt.peers },
      "the API server can be reached: the other speakers are gone, and this one goes on",
    );
    worker.send({ do: "vouch", since: doubt.since });
  }
}

function describe(came: readonly string[], went: readonly string[]): string {
  const parts = [];
  if (came.length > 0) parts.push(`${came.join(", ")} came`);
  if (went.length > 0) parts.push(`${went.join(", ")} went`);
  return parts.join("; ");
}
