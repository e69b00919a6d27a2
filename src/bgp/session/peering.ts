import { type Millis, millis, seconds } from "../../lib/duration.ts";
import type { Open } from "../message.ts";
import { CEASE } from "../notification.ts";
import { dominantSide, resolveCollision } from "./collision.ts";
import { ConnectionMachine, type MachineEnd, type MachineSurroundings } from "./connection-machine.ts";
import type { ConnectionId, Endpoints } from "./connection.ts";
import { Damping, type DampingSettings } from "./damping.ts";
import type { FsmEvent } from "./fsm-event.ts";
import type { Negotiated } from "./negotiate.ts";
import { cease, collided, type EndReason } from "./reason.ts";
import { furtherState, type SessionState } from "./session-state.ts";
import { connectRetryDelay } from "./timing.ts";

export interface PeeringSurroundings extends Omit<MachineSurroundings, "nextConnection" | "retryDelay"> {
  /** A connection has ended, or an attempt at one. */
  ended(reason: EndReason): void;
}

/** An OPEN that waits for the decision between two connections. */
interface HeldOpen {
  readonly machine: ConnectionMachine;
  readonly negotiated: Negotiated;
  /** The peer's KEEPALIVE has come behind it. */
  confirmed: boolean;
}

/** How long the OPEN on the connection that would be kept may take. */
const COLLISION_WAIT = seconds(5);

/**
 * The connections with one peer, and which of them is kept. As RFC 4271 §8.2.1 has it, there is a state machine for the
 * peer, which also makes the connections from here, and one for a connection from there that comes while the first has its
 * own. Each follows §8.2.2 as if it were alone; this class starts them, tells them of collisions (§6.8), and starts the
 * peer's machine again when it has failed.
 */
export class Peering {
  readonly #around: PeeringSurroundings;
  readonly #machineAround: MachineSurroundings;
  readonly #damping: Damping;
  /** Undefined: stopped. */
  #main: ConnectionMachine | undefined;
  /** Of a connection that the peer has begun, until it is known which is kept. */
  #second: ConnectionMachine | undefined;
  #held: HeldOpen | undefined;
  #machines = 0;
  #connections = 0;
  /** Attempts without Established in between. */
  #failures = 0;

  constructor(around: PeeringSurroundings, damping: DampingSettings) {
    this.#around = around;
    this.#damping = new Damping(damping);
    this.#machineAround = {
      ...around,
      nextConnection: () => `out-${++this.#connections}`,
      retryDelay: () => connectRetryDelay(Math.max(0, this.#failures - 1), around.config().connectTime),
    };
  }

  get state(): SessionState {
    return furtherState(this.#main?.state ?? "Idle", this.#second?.state ?? "Idle");
  }

  /** The machine that is nearest to Established; undefined: stopped. */
  get leading(): ConnectionMachine | undefined {
    return this.#second?.state === this.state ? this.#second : this.#main;
  }

  get established(): ConnectionMachine | undefined {
    return this.#main?.state === "Established" ? this.#main : undefined;
  }

  /** When the next attempt is made; undefined: none is waited for. */
  get retryAt(): Millis | undefined {
    const main = this.#main;
    if (main?.state === "Idle") return this.#around.timers.dueAt("idle-hold");
    return main?.state === "Active" ? this.#around.timers.dueAt(`connect-retry/${main.number}`) : undefined;
  }

  find(connection: ConnectionId): ConnectionMachine | undefined {
    if (this.#main?.connection === connection) return this.#main;
    return this.#second?.connection === connection ? this.#second : undefined;
  }

  /** By the number in the names of its timers. */
  byNumber(number: number): ConnectionMachine | undefined {
    if (this.#main?.number === number) return this.#main;
    return this.#second?.number === number ? this.#second : undefined;
  }

  start(now: Millis): void {
    if (this.#main !== undefined) return;
    this.#damping.reset();
    this.#failures = 0;
    this.#main = this.#newMachine("Idle");
    const { passive } = this.#around.config();
    this.#main.step({ name: passive ? "ManualStart_with_PassiveTcpEstablishment" : "ManualStart" }, now);
  }

  stop(reason: EndReason, now: Millis): void {
    const machines = [this.#second, this.#main];
    this.#main = undefined;
    this.#second = undefined;
    this.#release();
    this.#around.timers.stop("idle-hold");
    for (const machine of machines) {
      machine?.step({ name: "ManualStop", reason }, now);
      if (machine?.takeEnd() !== undefined) this.#around.ended(reason);
    }
  }

  /** Ends what there is for a reason that is no fault of the peer, and begins again. */
  reset(reason: EndReason, now: Millis): void {
    if (this.#main === undefined) return;
    this.#failures = 0;
    const second = this.#second;
    this.#second = undefined;
    this.#release();
    second?.step({ name: "AutomaticStop", reason }, now);
    if (this.#main.state !== "Idle") return this.step(this.#main, { name: "AutomaticStop", reason }, now);
    this.#around.timers.stop("idle-hold");
    this.#restart(this.#main, now);
  }

  /** A connection that we have begun stands. */
  connected(connection: ConnectionId, endpoints: Endpoints, now: Millis): void {
    const main = this.#main;
    if (main?.connection !== connection || main.endpoints !== undefined) return;
    this.step(main, { name: "Tcp_CR_Acked", connection, endpoints }, now);
  }

  /** The peer has connected to us. */
  accepted(connection: ConnectionId, endpoints: Endpoints, now: Millis): void {
    const main = this.#main;
    const confirmed = { name: "TcpConnectionConfirmed", connection, endpoints } as const;
    if (main === undefined || main.state === "Idle") return this.#refuse(connection);
    if (main.state === "Active" && main.connection === undefined) return this.step(main, confirmed, now);
    if (this.#second !== undefined) this.#dump(this.#second, "the peer has begun another connection", now);
    this.#second = this.#newMachine("Active");
    this.step(this.#second, confirmed, now);
  }

  /** A connection, or the attempt at it, is gone. */
  lost(machine: ConnectionMachine, reason: EndReason, now: Millis): void {
    machine.lost(reason, now);
    this.#settle(machine, now);
  }

  step(machine: ConnectionMachine, event: FsmEvent, now: Millis): void {
    machine.step(event, now);
    this.#settle(machine, now);
  }

  /** A valid OPEN has come. */
  opened(machine: ConnectionMachine, open: Open, negotiated: Negotiated, now: Millis): void {
    const rival = machine === this.#main ? this.#second : this.#main;
    if (rival === undefined) return this.#proceed(machine, negotiated, now);
    const { localAsn: asn, routerId } = this.#around.config();
    const dominant = dominantSide({ routerId, asn }, { routerId: open.routerId, asn: negotiated.peerAsn });
    if (restartsGracefully(rival, negotiated)) {
      this.step(
        rival,
        { name: "TcpConnectionFails", reason: { code: "replaced", text: "the peer has restarted" } },
        now,
      );
      return this.#proceed(machine, negotiated, now);
    }
    switch (resolveCollision(machine.initiator, rival.asRival, dominant)) {
      case "keep":
        this.#dump(rival, "the other connection is kept", now);
        return this.#proceed(machine, negotiated, now);
      case "drop":
        this.#dump(machine, "the other connection is kept", now);
        // If the peer has restarted, the one that is kept is dead: its answer shows it long before the hold timer does.
        return rival.probe(now);
      case "wait":
        this.#held = { machine, negotiated, confirmed: false };
        return this.#around.timers.start("collision", COLLISION_WAIT, now);
    }
  }

  /** Whether the machine's OPEN waits for a decision. */
  isHeld(machine: ConnectionMachine): boolean {
    return this.#held?.machine === machine;
  }

  /** The peer's KEEPALIVE has come. */
  confirmed(machine: ConnectionMachine, event: FsmEvent, now: Millis): void {
    if (this.#held?.machine === machine) this.#held.confirmed = true;
    else this.step(machine, event, now);
  }

  /** The time for an OPEN on the connection that would be kept is over: the one that has its OPEN is kept. */
  collisionWaitExpired(now: Millis): void {
    const machine = this.#held?.machine;
    const silent = machine === this.#main ? this.#second : this.#main;
    if (machine !== undefined && silent !== undefined) this.#dump(silent, "no OPEN has come here", now);
  }

  idleHoldExpired(now: Millis): void {
    if (this.#main !== undefined) this.step(this.#main, { name: "IdleHoldTimer_Expires" }, now);
  }

  #newMachine(state: "Idle" | "Active"): ConnectionMachine {
    return new ConnectionMachine(++this.#machines, state, this.#machineAround);
  }

  /** In Idle, all incoming connections are refused (RFC 4271 §8.2.2; RFC 4486 §4). */
  #refuse(connection: ConnectionId): void {
    this.#around.send(connection, cease(CEASE.CONNECTION_REJECTED));
    this.#around.emit({ do: "close", connection });
  }

  #dump(machine: ConnectionMachine, text: string, now: Millis): void {
    this.step(machine, { name: "OpenCollisionDump", reason: collided(text) }, now);
  }

  #proceed(machine: ConnectionMachine, negotiated: Negotiated, now: Millis): void {
    machine.opened(negotiated, now);
    this.#settle(machine, now);
  }

  /** Nobody waits for a decision any more. */
  #release(): void {
    this.#held = undefined;
    this.#around.timers.stop("collision");
  }

  /** Looks whether a machine has lost its connection, and what follows from that. */
  #settle(machine: ConnectionMachine, now: Millis): void {
    const end = machine.takeEnd();
    if (end === undefined) return;
    if (end.reason !== undefined && end.reason.code !== "collision") this.#around.ended(end.reason);
    const other = machine === this.#main ? this.#second : this.#main;
    if (this.#second === undefined || other === undefined) return this.#again(machine, end, now);
    // The other one goes on alone. This one may have got as far as Active again, where a timer runs.
    if (machine === this.#main) other.succeed(machine);
    machine.step({ name: "ManualStop" }, now);
    machine.takeEnd();
    this.#main = other;
    this.#second = undefined;
    const held = this.#held;
    this.#release();
    if (held?.machine !== other) return;
    this.#proceed(other, held.negotiated, now);
    if (held.confirmed) this.step(other, { name: "KeepAliveMsg", message: "keepalive" }, now);
  }

  /** The peer's machine has failed, and there is no other connection. */
  #again(main: ConnectionMachine, { reason, damps, established }: MachineEnd, now: Millis): void {
    this.#failures = established > 0 ? 0 : this.#failures + 1;
    if (main.state !== "Idle") return;
    const wait = damps && reason !== undefined ? this.#damping.idleHoldTime(reason, established) : millis(0);
    if (wait > 0) this.#around.timers.start("idle-hold", this.#around.jittered(wait), now);
    else this.#restart(main, now);
  }

  /** Waits for the peer, and connects after a while. */
  #restart(main: ConnectionMachine, now: Millis): void {
    main.step({ name: "AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment" }, now);
  }
}

/** RFC 4724 §4.2: a new OPEN from a peer that restarts gracefully tells that the established connection is dead. */
function restartsGracefully(rival: ConnectionMachine, negotiated: Negotiated): boolean {
  if (rival.state !== "Established" || negotiated.gracefulRestart === undefined) return false;
  return rival.negotiated?.gracefulRestart !== undefined;
}
