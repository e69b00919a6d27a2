import { EnvironmentError } from "../lib/errors.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { MemberChange } from "../membership/change.ts";
import type { Endpoint } from "../membership/message.ts";
import type { Standing } from "../membership/self-doubt.ts";
import type { Timer } from "../ports/clock.ts";
import { formatAddress } from "../ip/address.ts";
import { holdsBack } from "./holding-back.ts";
import type { MembershipConfig } from "./membership-config.ts";
import { MembershipDriver, type MembershipPorts } from "./membership-driver.ts";
import type { WorkerEvent } from "./protocol.ts";
import { RareLog } from "./rare-log.ts";
import { RosterTeller } from "./roster-teller.ts";

export interface WorkerMembershipPorts extends Pick<
  MembershipPorts,
  "clock" | "random" | "datagrams" | "streams" | "cipher"
> {
  /** To the main thread. */
  readonly emit: (event: WorkerEvent) => void;
  /** Nothing is held back any more. `replaced`: others may have taken our place meanwhile. */
  onResume(resumed: { readonly replaced: boolean }): void;
}

/** The port may still be held by the speaker that we replace. */
const BIND_RETRY = seconds(1);

const LEAVE_TIMEOUT = seconds(1);

/** What ends within this time was no more than a hiccup. */
const BRIEF_DOUBT = millis(250);

/** Membership in the protocol worker: tells the main thread who is alive, and layer 2 when to be silent. */
export class WorkerMembership {
  readonly #ports: WorkerMembershipPorts;
  readonly #driver: MembershipDriver;
  readonly #rareLog: RareLog;
  readonly #roster: RosterTeller;
  #timer: Timer | undefined;
  #seeds: readonly Endpoint[] | undefined;
  #started = false;
  #trouble = "";
  #told = "";
  #heldBack = true;
  /** The main thread takes us for sure. */
  #toldSure = false;
  #doubtTimer: Timer | undefined;
  /** Since we hold back there was a doubt that only an exchange of state could end. */
  #mayBeReplaced = false;
  #leaving = false;
  #left = false;

  constructor(config: MembershipConfig, ports: WorkerMembershipPorts) {
    this.#ports = ports;
    this.#rareLog = new RareLog(ports.clock, (event) => ports.emit(event));
    this.#roster = new RosterTeller(
      ports.clock,
      () => this.#driver.members,
      (event) => ports.emit(event),
    );
    const { node, address, port, settings, key, versions } = config;
    const bind = { address, port };
    const keys = key === undefined ? [] : [key];
    const { clock, random, datagrams, streams, cipher } = ports;
    this.#driver = new MembershipDriver(
      { self: { ...bind, node }, bind, settings, keys, ...(versions === undefined ? {} : { versions }) },
      {
        clock,
        random,
        datagrams,
        streams,
        cipher,
        onChange: (change) => this.#onChange(change),
        onStanding: (standing) => this.#onStanding(standing),
        onRefused: ({ reason, detail }, { address, port: fromPort }) => {
          this.#roster.refused(reason);
          const fields = { reason, from: formatAddress(address), port: fromPort };
          this.#rareLog.tell(reason, { level: "warn", fields, message: `not taken from another member: ${detail}` });
        },
        onTrouble: (code, message) => this.#tellTrouble(code, message),
      },
    );
  }

  /** Goes on trying until the sockets can be had. */
  async start(): Promise<void> {
    try {
      await this.#driver.start();
      this.#started = true;
      if (this.#seeds !== undefined) this.#driver.setSeeds(this.#seeds);
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      this.#tellTrouble(error.code, `membership can't begin: ${error.message}`);
      if (!this.#leaving) this.#timer = this.#ports.clock.after(BIND_RETRY, () => void this.start());
    }
  }

  /** Nobody is joined before they could answer us. */
  join(seeds: readonly Endpoint[]): void {
    this.#seeds = seeds;
    if (this.#started) this.#driver.setSeeds(seeds);
  }

  /** Somebody else knows that a silence is not our fault. */
  vouch(since: Millis): void {
    const { standing } = this.#driver;
    if (standing.kind === "sure" || standing.reason !== "silence" || standing.since !== since) return;
    this.#holdBack(false);
  }

  /** Whether another node may answer by now. Cheap: asked for every request. Once we left, nothing is news any more. */
  holdsBack(): boolean {
    return this.#heldBack || (!this.#left && this.#driver.isOverdue);
  }

  /** Whether there is somebody who could answer in our place. */
  get hasPeers(): boolean {
    return this.#driver.members.length > 1;
  }

  /** Says goodbye, and resolves when others know. */
  async leave(): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#timer?.cancel();
    this.#doubtTimer?.cancel();
    this.#roster.close();
    await this.#driver.leave(LEAVE_TIMEOUT);
    this.#left = true;
    this.#driver.close();
  }

  #onChange(change: MemberChange): void {
    if (change.kind !== "name-conflict") {
      this.#roster.changed();
      return this.#tellMembers();
    }
    const { node } = change.member;
    const message = `two speakers have the name ${node}: the one that came later is not taken in`;
    this.#rareLog.tell(change.kind, { level: "error", fields: { node }, message });
  }

  /** Whoever leaves is left alone by the others, which is no cause for doubt. */
  #onStanding(standing: Standing): void {
    if (this.#leaving) return;
    this.#tellStanding(standing);
    this.#roster.changed();
    this.#tellMembers();
    if (standing.kind === "doubtful") this.#mayBeReplaced ||= standing.cure === "exchange";
    this.#holdBack(holdsBack(standing));
    if (standing.kind === "sure") this.#mayBeReplaced = false;
  }

  #holdBack(hold: boolean): void {
    const resumes = this.#heldBack && !hold;
    this.#heldBack = hold;
    if (resumes) this.#ports.onResume({ replaced: this.#mayBeReplaced && this.hasPeers });
  }

  /** On a busy machine there is many a doubt that the next answer ends, and that is not worth telling. */
  #tellStanding(standing: Standing): void {
    const { clock, emit } = this.#ports;
    this.#doubtTimer?.cancel();
    this.#doubtTimer = undefined;
    const tell = (): void => {
      this.#toldSure = standing.kind === "sure";
      emit({ on: "standing", standing });
    };
    if (standing.kind === "sure" && this.#toldSure) return;
    if (standing.kind === "doubtful" && standing.cure === "answer" && this.#toldSure)
      this.#doubtTimer = clock.after(BRIEF_DOUBT, tell);
    else tell();
  }

  /** Nobody is told before we have joined: until then we would seem to be alone. */
  #tellMembers(): void {
    const { standing, members } = this.#driver;
    if (this.#leaving || (standing.kind === "doubtful" && standing.reason === "joining")) return;
    const nodes = members.map(({ node }) => node).toSorted();
    if (nodes.join("\n") === this.#told) return;
    this.#told = nodes.join("\n");
    this.#ports.emit({ on: "members", nodes });
  }

  #tellTrouble(code: string, message: string): void {
    if (message === this.#trouble) return;
    this.#trouble = message;
    this.#ports.emit({ on: "trouble", code, message });
  }
}
