import { type Millis, millis } from "../../lib/duration.ts";
import { BugError } from "../../lib/errors.ts";
import type { Message, Open } from "../message.ts";
import type { SessionAction } from "./action.ts";
import type { Initiator, Rival } from "./collision.ts";
import type { SessionConfig } from "./config.ts";
import type { ConnectionId, Endpoints } from "./connection.ts";
import type { FsmEvent } from "./fsm-event.ts";
import { type FsmAction, type FsmCondition, ruleFor } from "./fsm-table.ts";
import type { Negotiated } from "./negotiate.ts";
import { type EndReason, unexpected } from "./reason.ts";
import type { SessionState } from "./session-state.ts";
import type { MachineTimer, TimerName, Timers } from "./timers.ts";
import { HOLD_GRACE, keepaliveInterval, LARGE_HOLD_TIME, sendHoldTime, SHORTEST_KEEPALIVE } from "./timing.ts";

/** What a machine takes from its session. */
export interface MachineSurroundings {
  readonly timers: Timers;
  config(): SessionConfig;
  emit(action: SessionAction): void;
  /** Sends, and counts. */
  send(connection: ConnectionId, message: Message): void;
  makeOpen(): Open;
  nextConnection(): ConnectionId;
  jittered(time: Millis): Millis;
  /** How long to wait in Active before the next attempt. */
  retryDelay(): Millis;
}

/** How a machine lost its connection, or the attempt at it. */
export interface MachineEnd {
  readonly reason: EndReason | undefined;
  /** It counts for DampPeerOscillations. */
  readonly damps: boolean;
  /** How long it was Established; 0: never. */
  readonly established: Millis;
}

interface Link {
  readonly connection: ConnectionId;
  readonly initiator: Initiator;
  /** Undefined: it is being tried. */
  readonly endpoints: Endpoints | undefined;
}

/**
 * The state machine of one TCP connection: RFC 4271 §8.2.2, carried out from its table. It knows nothing of other
 * connections with the same peer; collisions come as event 23.
 */
export class ConnectionMachine {
  /** In the names of its timers. */
  readonly number: number;
  readonly #around: MachineSurroundings;
  readonly #actions: Readonly<Record<FsmAction, (event: FsmEvent, now: Millis, to: SessionState) => void>>;
  #state: SessionState;
  #link: Link | undefined;
  #sentOpen: Open | undefined;
  #negotiated: Negotiated | undefined;
  #establishedAt: Millis | undefined;
  #retryCounter = 0;
  /** Of the event that is being handled. */
  #reason: EndReason | undefined;
  #damps = false;
  #end: MachineEnd | undefined;

  /** The machine of a peer begins in Idle; that of a connection which the peer has begun, in Active. */
  constructor(number: number, state: "Idle" | "Active", around: MachineSurroundings) {
    this.number = number;
    this.#state = state;
    this.#around = around;
    this.#actions = this.#actionTable();
  }

  get state(): SessionState {
    return this.#state;
  }

  get connection(): ConnectionId | undefined {
    return this.#link?.connection;
  }

  /** Undefined: there is no TCP connection. */
  get endpoints(): Endpoints | undefined {
    return this.#link?.endpoints;
  }

  /** Our OPEN on this connection: the one that was sent, or that will be. */
  get ourOpen(): Open {
    return this.#sentOpen ?? this.#around.makeOpen();
  }

  /** Known from OpenConfirm on. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated;
  }

  get initiator(): Initiator {
    return this.#link?.initiator ?? "us";
  }

  /** What the hold timer is set to. */
  get holdTime(): Millis {
    return this.#state === "OpenSent" ? LARGE_HOLD_TIME : (this.#negotiated?.holdTime ?? millis(0));
  }

  /** ConnectRetryCounter: failures since the last start. */
  get retryCounter(): number {
    return this.#retryCounter;
  }

  /** The peer's OPEN may come: in OpenSent, or while DelayOpenTimer runs. */
  get awaitsOpen(): boolean {
    return this.#state === "OpenSent" || this.#isRunning("delay-open");
  }

  /** How it looks from a connection on which an OPEN comes. */
  get asRival(): Rival {
    const { initiator } = this;
    if (this.endpoints === undefined) return { initiator, is: "attempt" };
    if (this.#state === "Established") return { initiator, is: "established" };
    return { initiator, is: this.#state === "OpenConfirm" ? "opened" : "silent" };
  }

  /** How it last lost its connection; told once. */
  takeEnd(): MachineEnd | undefined {
    const end = this.#end;
    this.#end = undefined;
    return end;
  }

  /** Total: every event has an outcome in every state. */
  step(event: FsmEvent, now: Millis): void {
    const rule = ruleFor(this.#state, event.name, (condition) => this.#holds(condition));
    this.#reason = event.reason;
    this.#damps = false;
    for (const action of rule.do) this.#actions[action](event, now, rule.to);
    this.#enter(rule.to, now);
  }

  /** Takes the place of another machine of the same peer. */
  succeed(machine: ConnectionMachine): void {
    this.#retryCounter = machine.retryCounter;
  }

  /** A valid OPEN has come, and no collision is in the way. */
  opened(negotiated: Negotiated, now: Millis): void {
    this.#negotiated = negotiated;
    this.step({ name: this.#isRunning("delay-open") ? "BGPOpen_with_DelayOpenTimer_running" : "BGPOpen" }, now);
  }

  /** The connection, or the attempt at it, is gone: nothing can be sent, and nothing is to be closed. */
  lost(reason: EndReason, now: Millis): void {
    this.#link = undefined;
    this.step({ name: "TcpConnectionFails", reason }, now);
  }

  /** Something else than a KEEPALIVE was sent. */
  restartKeepalive(now: Millis): void {
    if (this.#negotiated === undefined) return;
    const interval = keepaliveInterval(this.#around.config().keepaliveTime, this.#negotiated.holdTime);
    if (interval === 0) return;
    this.#start("keepalive", millis(Math.max(SHORTEST_KEEPALIVE, this.#around.jittered(interval))), now);
  }

  /** Says something to which a peer that no longer knows the connection answers with its end. */
  probe(now: Millis): void {
    if (this.#state === "Established") this.step({ name: "KeepaliveTimer_Expires" }, now);
  }

  /** The hold timer fired so late that what the peer said in time may still wait to be read. */
  graceHold(now: Millis): void {
    this.#start("hold", HOLD_GRACE, now);
  }

  /** Bytes wait for the peer to take them (`waiting`), or wait no more. Counts in Established only (RFC 9687 §4.3). */
  waits(waiting: boolean, now: Millis): void {
    if (!waiting) this.#stop("send-hold");
    else if (this.#state === "Established") this.#start("send-hold", sendHoldTime(this.holdTime), now);
  }

  #enter(to: SessionState, now: Millis): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    if (to === "Established") this.#establish(now);
    if (!(to === "Idle" || (to === "Active" && from !== "Idle"))) return;
    const established = millis(this.#establishedAt === undefined ? 0 : now - this.#establishedAt);
    this.#establishedAt = undefined;
    this.#end = { reason: this.#reason, damps: this.#damps, established };
    const reason = this.#reason ?? unexpected(undefined, from);
    if (from === "Established") this.#around.emit({ do: "down", reason });
  }

  #establish(now: Millis): void {
    this.#establishedAt = now;
    const { connection, endpoints } = this.#link ?? {};
    const negotiated = this.#negotiated;
    if (connection === undefined || endpoints === undefined || negotiated === undefined) {
      throw new BugError("Established without a connection or an OPEN");
    }
    this.#around.emit({ do: "established", connection, negotiated, ...endpoints });
  }

  #holds(condition: FsmCondition): boolean {
    const { delayOpenTime, passive } = this.#around.config();
    switch (condition) {
      case "DelayOpen":
        return delayOpenTime > 0;
      case "DelayOpenTimer running":
        return this.#isRunning("delay-open");
      case "PassiveTcpEstablishment":
        return passive;
    }
  }

  #actionTable(): Readonly<Record<FsmAction, (event: FsmEvent, now: Millis, to: SessionState) => void>> {
    return {
      "start ConnectRetryTimer": (_, now, to) => this.#startConnectRetry(now, to),
      "stop ConnectRetryTimer": () => this.#stop("connect-retry"),
      "start DelayOpenTimer": (_, now) => this.#start("delay-open", this.#around.config().delayOpenTime, now),
      "stop DelayOpenTimer": () => this.#stop("delay-open"),
      "set HoldTimer to a large value": (_, now) => this.#start("hold", LARGE_HOLD_TIME, now),
      "set HoldTimer as negotiated": (_, now) => this.#setHold(now),
      "restart HoldTimer": (_, now) => this.#setHold(now),
      "start KeepaliveTimer": (_, now) => this.restartKeepalive(now),
      "initiate TCP connection": () => this.#connect(),
      "take TCP connection": (event) => this.#take(event),
      "drop TCP connection": () => this.#drop(),
      "release resources": () => this.#release(),
      "send OPEN": () => this.#sendOpen(),
      "send KEEPALIVE": () => this.#send({ type: "keepalive" }),
      "send NOTIFICATION": () => this.#notify(),
      "send NOTIFICATION if without OPEN": () => this.#notify(),
      "send NOTIFICATION FSM error": (event) => this.#notifyFsmError(event),
      "zero ConnectRetryCounter": () => (this.#retryCounter = 0),
      "increment ConnectRetryCounter": () => this.#retryCounter++,
      damp: () => (this.#damps = true),
    };
  }

  #startConnectRetry(now: Millis, to: SessionState): void {
    const { passive, connectTime } = this.#around.config();
    if (passive) return;
    const time = to === "Connect" ? connectTime : this.#around.retryDelay();
    this.#start("connect-retry", this.#around.jittered(time), now);
  }

  /** A hold time of 0: neither timer runs. */
  #setHold(now: Millis): void {
    const holdTime = this.#negotiated?.holdTime ?? millis(0);
    if (holdTime > 0) this.#start("hold", holdTime, now);
    else this.#stop("hold");
  }

  #connect(): void {
    const connection = this.#around.nextConnection();
    this.#link = { connection, initiator: "us", endpoints: undefined };
    this.#around.emit({ do: "connect", connection });
  }

  #take({ name, connection, endpoints }: FsmEvent): void {
    if (connection === undefined) throw new BugError(`${name} without a connection`);
    this.#link = { connection, initiator: name === "Tcp_CR_Acked" ? "us" : "peer", endpoints };
  }

  #drop(): void {
    if (this.#link !== undefined) this.#around.emit({ do: "close", connection: this.#link.connection });
    this.#link = undefined;
  }

  #release(): void {
    for (const timer of ["delay-open", "hold", "keepalive", "send-hold"] as const) this.#stop(timer);
    this.#sentOpen = undefined;
    this.#negotiated = undefined;
  }

  #sendOpen(): void {
    this.#sentOpen = this.#around.makeOpen();
    this.#send(this.#sentOpen);
  }

  #notify(): void {
    if (this.#reason?.notification !== undefined) this.#send(this.#reason.notification);
  }

  #notifyFsmError({ message }: FsmEvent): void {
    this.#reason = unexpected(message, this.#state);
    this.#notify();
  }

  /** Before TCP stands, there is nobody to tell. */
  #send(message: Message): void {
    if (this.#link?.endpoints !== undefined) this.#around.send(this.#link.connection, message);
  }

  #isRunning(timer: MachineTimer): boolean {
    return this.#around.timers.isRunning(this.#timer(timer));
  }

  #start(timer: MachineTimer, after: Millis, now: Millis): void {
    this.#around.timers.start(this.#timer(timer), after, now);
  }

  #stop(timer: MachineTimer): void {
    this.#around.timers.stop(this.#timer(timer));
  }

  #timer(timer: MachineTimer): TimerName {
    return `${timer}/${this.number}`;
  }
}
