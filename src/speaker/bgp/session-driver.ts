import { describeCapability } from "../../bgp/capability-text.ts";
import { PeerRib } from "../../bgp/rib/peer-rib.ts";
import type { SessionAction } from "../../bgp/session/action.ts";
import type { SessionConfig } from "../../bgp/session/config.ts";
import type { ConnectionId } from "../../bgp/session/connection.ts";
import type { SessionEvent } from "../../bgp/session/event.ts";
import type { StopReason } from "../../bgp/session/reason.ts";
import { BgpSession } from "../../bgp/session/session.ts";
import type { SessionSnapshot } from "../../bgp/session/session-record.ts";
import type { TimerName } from "../../bgp/session/timers.ts";
import { formatPrefix } from "../../ip/prefix.ts";
import { assertNever } from "../../lib/exhaustive.ts";
import { Dispatcher } from "../../lib/queue.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Link } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import type { Random } from "../../ports/random.ts";
import type { Connection, ConnectOptions, StreamAddress, StreamHandlers, Streams } from "../../ports/streams.ts";
import { PeerConnection } from "./peer-connection.ts";
import { sessionAddresses } from "./session-addresses.ts";
import { UpdateSender } from "./update-sender.ts";

/** What a session with a peer is to be, and how it is reached. */
export interface SessionPlan {
  /** Of the BGPPeer. */
  readonly name: string;
  readonly config: SessionConfig;
  readonly remote: StreamAddress;
  /** Never log it: there may be a key in it. */
  readonly connect: ConnectOptions;
}

export interface DriverPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly streams: Streams;
  /** Its lines carry the name of the peer. */
  readonly log: Log;
  /** The interfaces as they are now. */
  readonly links: () => readonly Link[];
  /** The state changed, or what the peer was told. */
  readonly onChange: () => void;
}

type Established = Extract<SessionAction, { readonly do: "established" }>;
type ConnectionAction = Extract<SessionAction, { readonly connection: ConnectionId }>;
type Moved = Extract<SessionAction, { readonly do: "moved" }>;

/**
 * Runs one session on TCP and timers: carries out what its state machine wants, tells it what came, and keeps the peer's
 * routes as `rib` has them.
 */
export class SessionDriver {
  /** What the peer is to know. Say `routesChanged` after changing it. */
  readonly rib = new PeerRib();
  readonly #ports: DriverPorts;
  readonly #session: BgpSession;
  readonly #events = new Dispatcher<SessionEvent>((event) => this.#handle(event));
  readonly #timers = new Map<TimerName, Timer>();
  /** With those that are being closed. */
  readonly #connections = new Map<ConnectionId, PeerConnection>();
  #plan: SessionPlan;
  #sender: UpdateSender | undefined;
  #accepted = 0;
  #flushAhead = false;
  #lastComplaint = "";
  #onQuiet: (() => void) | undefined;

  constructor(plan: SessionPlan, ports: DriverPorts) {
    this.#plan = plan;
    this.#ports = ports;
    this.#session = new BgpSession({ config: plan.config, random: ports.random }, ports.clock.now());
  }

  get plan(): SessionPlan {
    return this.#plan;
  }

  snapshot(): SessionSnapshot {
    return this.#session.snapshot();
  }

  start(): void {
    this.#events.dispatch({ on: "start" });
  }

  /** Takes another plan for the same peer. The session ends and begins again only if the wire requires it. */
  replacePlan(plan: SessionPlan): void {
    this.#plan = plan;
    const fields = this.#session.replaceConfig(plan.config);
    if (fields.length === 0) return;
    this.#ports.log.info({ fields }, "the session begins again because its configuration has changed");
    this.#events.dispatch({ on: "reset", why: "config-changed" });
  }

  /**
   * Takes all routes back and tells the peer that it is over. Resolves when nothing of the session is left, which takes
   * two seconds at most.
   */
  stop(why: StopReason, text?: string): Promise<void> {
    this.rib.replace([]);
    this.#flush();
    this.#events.dispatch({ on: "stop", why, ...(text === undefined ? {} : { text }) });
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((done) => (this.#onQuiet = done));
  }

  /** The peer has connected to us. */
  accept(connection: Connection): StreamHandlers {
    const id: ConnectionId = `in-${this.#accepted++}`;
    const accepted = this.#newConnection(id);
    accepted.use(connection, true);
    const { endpoints } = accepted;
    if (endpoints === undefined) accepted.close();
    else this.#events.dispatch({ on: "accepted", connection: id, ...endpoints });
    return accepted;
  }

  /** What changes in `rib` until the current task ends is sent as one. */
  routesChanged(): void {
    if (this.#sender === undefined || this.#flushAhead) return;
    this.#flushAhead = true;
    queueMicrotask(() => {
      this.#flushAhead = false;
      this.#flush();
    });
  }

  /** Sends what there is to send at once, as far as the peer takes it. */
  #flush(): void {
    const count = this.#sender?.flush() ?? 0;
    if (count === 0) return;
    this.#events.dispatch({ on: "updates-sent", count });
    this.#ports.onChange();
  }

  #handle(event: SessionEvent): void {
    for (const action of this.#session.handle(event, this.#ports.clock.now())) this.#perform(action);
  }

  #perform(action: SessionAction): void {
    if ("connection" in action) return this.#performOn(action);
    switch (action.do) {
      case "set-timer":
        return this.#setTimer(action.name, action.after);
      case "cancel-timer":
        return this.#cancelTimer(action.name);
      case "down":
        this.#sender = undefined;
        return this.rib.lose();
      case "refresh":
        this.#sender?.refresh(action.family, action.enhanced);
        return this.routesChanged();
      case "moved":
        return this.#moved(action);
      default:
        return assertNever(action);
    }
  }

  /** Those of a connection. */
  #performOn(action: ConnectionAction): void {
    switch (action.do) {
      case "connect":
        return this.#connect(action.connection);
      case "send":
        return this.#connections.get(action.connection)?.send(action.message);
      case "close":
        return this.#connections.get(action.connection)?.close();
      case "established":
        return this.#established(action);
      default:
        return assertNever(action);
    }
  }

  #connect(id: ConnectionId): void {
    const { remote, connect } = this.#plan;
    const connection = this.#newConnection(id);
    connection.use(this.#ports.streams.connect(remote, connection, connect), false);
  }

  #newConnection(id: ConnectionId): PeerConnection {
    const connection = new PeerConnection({
      id,
      clock: this.#ports.clock,
      report: (event) => this.#events.dispatch(event),
      onDrain: () => this.#flush(),
      onGone: () => this.#gone(id),
    });
    this.#connections.set(id, connection);
    return connection;
  }

  #gone(id: ConnectionId): void {
    this.#connections.delete(id);
    if (this.#connections.size === 0) this.#onQuiet?.();
  }

  #setTimer(name: TimerName, after: Parameters<Clock["after"]>[0]): void {
    this.#timers.get(name)?.cancel();
    const fire = (): void => {
      this.#timers.delete(name);
      this.#events.dispatch({ on: "timer", name });
    };
    this.#timers.set(name, this.#ports.clock.after(after, fire));
  }

  #cancelTimer(name: TimerName): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }

  #established({ connection: id, negotiated, local, remote }: Established): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    const { fourOctetAs, extendedMessages, internal, families, extendedNextHop } = negotiated;
    connection.options = { fourOctetAs, extendedMessages, external: !internal };
    this.rib.establish({
      internal,
      asn: this.#plan.config.localAsn,
      families,
      extendedNextHop: extendedNextHop.includes("IPv4"),
      addresses: sessionAddresses({ local, remote }, this.#ports.links()),
    });
    this.#sender = new UpdateSender(this.rib, connection, ({ prefixes }) => {
      const shown = prefixes.slice(0, 10).map(formatPrefix);
      this.#ports.log.error({ prefixes: shown, count: prefixes.length }, "attributes are too long for any UPDATE");
    });
    this.routesChanged();
  }

  #moved({ from, to, reason }: Moved): void {
    const { log, onChange } = this.#ports;
    if (to === "Established") {
      this.#lastComplaint = "";
      const offers = this.#session.snapshot().negotiated?.peerCapabilities.map(describeCapability);
      log.info({ event: "bgp-session-up", offers }, "BGP session established");
    } else if (from === "Established") {
      log.warn({ event: "bgp-session-down", reason: reason?.code }, `BGP session lost: ${reason?.text ?? to}`);
    } else if (reason !== undefined && reason.text !== this.#lastComplaint) {
      // Attempts go on; the same failure is not told again.
      this.#lastComplaint = reason.text;
      log.warn({ event: "bgp-session-failed", reason: reason.code }, `no BGP session: ${reason.text}`);
    }
    onChange();
  }
}
