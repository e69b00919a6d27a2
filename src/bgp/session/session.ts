import type { Family } from "../../ip/family.ts";
import type { Millis } from "../../lib/duration.ts";
import { assertNever } from "../../lib/exhaustive.ts";
import type { Random } from "../../ports/random.ts";
import { afiOf, SAFI, unicastFamily } from "../address-family.ts";
import type { Message, Notification, Open, RouteRefresh, Update } from "../message.ts";
import { ROUTE_REFRESH_SUBTYPE } from "../message.ts";
import { NOTIFICATION, OPEN_ERROR, type ProtocolError } from "../notification.ts";
import type { SessionAction } from "./action.ts";
import { fieldsThatReset } from "./config-change.ts";
import type { SessionConfig } from "./config.ts";
import type { ConnectionMachine } from "./connection-machine.ts";
import type { ConnectionId } from "./connection.ts";
import { DAMPING, type DampingSettings } from "./damping.ts";
import type { SessionEvent } from "./event.ts";
import { capabilitiesToLeave } from "./fallback.ts";
import type { FsmEventName } from "./fsm-event.ts";
import { makeOpen } from "./make-open.ts";
import { negotiate } from "./negotiate.ts";
import { Peering } from "./peering.ts";
import { PrefixTally } from "./prefix-tally.ts";
import {
  type EndReason,
  holdTimerExpired,
  peerNotified,
  protocolError,
  sendHoldTimerExpired,
  stopped,
  tooManyPrefixes,
} from "./reason.ts";
import { SessionRecord, type SessionSnapshot } from "./session-record.ts";
import type { SessionState } from "./session-state.ts";
import { type MachineTimer, type TimerName, Timers } from "./timers.ts";
import { HOLD_GRACE, jittered, sendHoldTime } from "./timing.ts";

export interface SessionOptions {
  readonly config: SessionConfig;
  readonly random: Random;
  readonly damping?: DampingSettings;
}

type ConnectionEvent = Extract<SessionEvent, { readonly connection: ConnectionId }>;

type StandingEvent = Extract<SessionEvent, { readonly on: "accepted" | "connected" }>;

/**
 * The BGP session with one configured peer (RFC 4271 §8). Pure: `handle` takes what happened and returns what is to be done,
 * in this order; time comes with each call, and chance from a port. Every event has an outcome in every state, and nothing
 * that a peer sends makes it throw.
 *
 * It is made in layers that a reader can hold against the RFC: `fsm-table.ts` is §8.2.2 as a table, `connection-machine.ts`
 * carries it out for one TCP connection, `peering.ts` has the two machines that a peer may have at a time and decides
 * between them (§6.8, §8.2.1). One state machine for both connections, as §8 is often built, has no place for a second
 * connection that comes in OpenSent, and it is then that sessions are lost.
 */
export class BgpSession {
  readonly #random: Random;
  readonly #peering: Peering;
  readonly #record: SessionRecord;
  readonly #timers: Timers;
  #config: SessionConfig;
  /** Codes of capabilities that the peer can't bear (RFC 5492 §3). */
  #leftOut: ReadonlySet<number> = new Set();
  #tally: PrefixTally;
  #endOfRib: ReadonlySet<Family> = new Set();
  #actions: SessionAction[] = [];
  /** Of the event that is being handled. */
  #reason: EndReason | undefined;
  #now: Millis;

  constructor({ config, random, damping = DAMPING }: SessionOptions, now: Millis) {
    this.#config = config;
    this.#random = random;
    this.#now = now;
    this.#tally = new PrefixTally(random);
    this.#record = new SessionRecord(now);
    this.#timers = new Timers((action) => this.#actions.push(action));
    this.#peering = new Peering(
      {
        timers: this.#timers,
        config: () => this.#config,
        emit: (action) => this.#emit(action),
        send: (connection, message) => this.#send(connection, message),
        makeOpen: () => makeOpen(this.#config, this.#leftOut),
        jittered: (time) => jittered(time, this.#random.next()),
        ended: (reason) => this.#ended(reason),
      },
      damping,
    );
  }

  get state(): SessionState {
    return this.#peering.state;
  }

  /** Timers that run, for whoever has to know that none is left. */
  get timers(): readonly TimerName[] {
    return this.#timers.names;
  }

  snapshot(): SessionSnapshot {
    const { leading, retryAt } = this.#peering;
    return {
      ...this.#record.get(),
      state: this.state,
      retryAt,
      connectRetryCounter: leading?.retryCounter ?? 0,
      endpoints: leading?.endpoints,
      negotiated: leading?.negotiated,
      leftOut: [...this.#leftOut],
      prefixesReceived: this.#tally.counts,
      endOfRibReceived: [...this.#endOfRib],
    };
  }

  /** Takes another configuration. The fields that it names need a `reset` to count; all others count at once. */
  replaceConfig(config: SessionConfig): readonly string[] {
    const fields = fieldsThatReset(this.#config, config, this.#peering.established?.negotiated);
    this.#config = config;
    this.#leftOut = new Set();
    return fields;
  }

  handle(event: SessionEvent, now: Millis): readonly SessionAction[] {
    const from = this.state;
    this.#now = now;
    this.#reason = undefined;
    this.#take(event);
    this.#tellMove(from);
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #take(event: SessionEvent): void {
    if ("connection" in event) return this.#takeConnection(event);
    switch (event.on) {
      case "start":
        this.#leftOut = new Set();
        return this.#peering.start(this.#now);
      case "stop":
        return this.#peering.stop(stopped(event.why, event.text), this.#now);
      case "reset":
        return this.#peering.reset(stopped(event.why, event.text), this.#now);
      case "updates-sent":
        this.#record.sent("update", event.count);
        return this.#peering.established?.restartKeepalive(this.#now);
      case "timer":
        return this.#fired(event.name);
      default:
        return assertNever(event);
    }
  }

  #takeConnection(event: ConnectionEvent): void {
    if (event.on === "accepted" || event.on === "connected") return this.#stands(event);
    const machine = this.#peering.find(event.connection);
    if (machine !== undefined) this.#takeOf(machine, event);
  }

  #stands({ on, connection, local, remote }: StandingEvent): void {
    if (on === "accepted") return this.#peering.accepted(connection, { local, remote }, this.#now);
    if (this.#peering.find(connection) === undefined) this.#emit({ do: "close", connection });
    else this.#peering.connected(connection, { local, remote }, this.#now);
  }

  #takeOf(machine: ConnectionMachine, event: Exclude<ConnectionEvent, StandingEvent>): void {
    switch (event.on) {
      case "connect-failed":
        return this.#peering.lost(machine, { code: "connect-failed", text: event.reason }, this.#now);
      case "closed": {
        const text = event.reason ?? "the peer has closed the connection";
        return this.#peering.lost(machine, { code: "connection-lost", text }, this.#now);
      }
      case "received":
        this.#record.received(event.message.type);
        return this.#received(machine, event.message);
      case "garbled":
        return this.#garbled(machine, event.error);
      case "blocked":
      case "drained":
        return machine.waits(event.on === "blocked", this.#now);
      default:
        return assertNever(event);
    }
  }

  #received(machine: ConnectionMachine, message: Message): void {
    switch (message.type) {
      case "open":
        return this.#opened(machine, message);
      case "keepalive":
        return this.#peering.confirmed(machine, { name: "KeepAliveMsg", message: "keepalive" }, this.#now);
      case "update":
        return this.#updated(machine, message);
      case "notification":
        return this.#notified(machine, message);
      case "route-refresh":
        return this.#refreshed(machine, message);
      default:
        return assertNever(message);
    }
  }

  #opened(machine: ConnectionMachine, open: Open): void {
    if (!machine.awaitsOpen || this.#peering.isHeld(machine)) {
      // One too many: of the RFC's two events it is the one that the state has no rule for.
      const name = machine.state === "OpenSent" ? "BGPOpen_with_DelayOpenTimer_running" : "BGPOpen";
      return this.#peering.step(machine, { name, message: "open" }, this.#now);
    }
    const verdict = negotiate(this.#config, machine.ourOpen, open);
    if (verdict.ok) return this.#peering.opened(machine, open, verdict.value, this.#now);
    this.#step(machine, "BGPOpenMsgErr", protocolError(verdict.error));
  }

  #updated(machine: ConnectionMachine, update: Update): void {
    this.#peering.step(machine, { name: "UpdateMsg", message: "update" }, this.#now);
    if (machine !== this.#peering.established) return;
    this.#tally.count(update);
    if (update.endOfRib !== undefined) this.#endOfRib = new Set([...this.#endOfRib, update.endOfRib]);
    const { maxPrefixes } = this.#config;
    if (maxPrefixes === 0) return;
    const { counts } = this.#tally;
    const over = (["IPv4", "IPv6"] as const).find((family) => counts[family] > maxPrefixes);
    if (over === undefined) return;
    this.#step(machine, "AutomaticStop", tooManyPrefixes(afiOf(over), SAFI.UNICAST, maxPrefixes));
  }

  #notified(machine: ConnectionMachine, notification: Notification): void {
    const { code, subcode } = notification;
    if (machine.state === "OpenSent") {
      this.#leftOut = new Set([...this.#leftOut, ...capabilitiesToLeave(this.#config, notification)]);
    }
    const isVersion = code === NOTIFICATION.OPEN && subcode === OPEN_ERROR.UNSUPPORTED_VERSION;
    this.#step(machine, isVersion ? "NotifMsgVerErr" : "NotifMsg", peerNotified(notification));
  }

  #refreshed(machine: ConnectionMachine, { afi, safi, subtype }: RouteRefresh): void {
    this.#peering.step(machine, { name: "RouteRefreshMsg", message: "route-refresh" }, this.#now);
    if (machine !== this.#peering.established || machine.negotiated === undefined) return;
    const { families, routeRefresh, enhancedRefresh } = machine.negotiated;
    const family = unicastFamily({ afi, safi });
    if (family === undefined || !families.includes(family)) return;
    if (subtype !== ROUTE_REFRESH_SUBTYPE.REQUEST || !routeRefresh) return;
    this.#emit({ do: "refresh", family, enhanced: enhancedRefresh });
  }

  #garbled(machine: ConnectionMachine, error: ProtocolError): void {
    const reason = protocolError(error);
    if (error.code === NOTIFICATION.OPEN) {
      return this.#peering.step(machine, { name: "BGPOpenMsgErr", message: "open", reason }, this.#now);
    }
    const name = error.code === NOTIFICATION.UPDATE ? "UpdateMsgErr" : "BGPHeaderErr";
    this.#peering.step(machine, { name, message: "update", reason }, this.#now);
  }

  #fired(name: TimerName): void {
    const late = this.#timers.fired(name, this.#now);
    if (late === undefined) return;
    if (name === "idle-hold") return this.#peering.idleHoldExpired(this.#now);
    if (name === "collision") return this.#peering.collisionWaitExpired(this.#now);
    const [timer, number] = name.split("/") as [MachineTimer, string];
    const machine = this.#peering.byNumber(Number(number));
    if (machine === undefined) return;
    if (timer === "hold" && late > HOLD_GRACE) machine.graceHold(this.#now);
    else this.#expired(machine, timer);
  }

  #expired(machine: ConnectionMachine, timer: MachineTimer): void {
    switch (timer) {
      case "connect-retry": {
        const text = "no TCP connection came up in time";
        if (machine.state === "Connect") this.#ended({ code: "connect-timeout", text });
        return this.#step(machine, "ConnectRetryTimer_Expires");
      }
      case "delay-open":
        return this.#step(machine, "DelayOpenTimer_Expires");
      case "keepalive":
        return this.#step(machine, "KeepaliveTimer_Expires");
      case "hold":
        return this.#step(machine, "HoldTimer_Expires", holdTimerExpired(machine.holdTime));
      case "send-hold":
        return this.#step(machine, "SendHoldTimer_Expires", sendHoldTimerExpired(sendHoldTime(machine.holdTime)));
      default:
        return assertNever(timer);
    }
  }

  #step(machine: ConnectionMachine, name: FsmEventName, reason?: EndReason): void {
    this.#peering.step(machine, reason === undefined ? { name } : { name, reason }, this.#now);
  }

  #send(connection: ConnectionId, message: Message): void {
    this.#record.sent(message.type);
    this.#emit({ do: "send", connection, message });
  }

  #emit(action: SessionAction): void {
    if (action.do === "established") this.#beginTelling();
    this.#actions.push(action);
  }

  /** A new session: the peer tells all it has again. */
  #beginTelling(): void {
    this.#tally = new PrefixTally(this.#random);
    this.#endOfRib = new Set();
  }

  #ended(reason: EndReason): void {
    this.#reason = reason;
    this.#record.ended(reason, this.#now);
  }

  #tellMove(from: SessionState): void {
    const to = this.state;
    if (from === to) return;
    const reason = this.#reason;
    this.#record.moved({ at: this.#now, from, to, ...(reason === undefined ? {} : { reason }) });
    this.#emit({ do: "moved", from, to, ...(reason === undefined ? {} : { reason }) });
  }
}
