import type { SessionAction } from "../../src/bgp/session/action.ts";
import type { SessionConfig } from "../../src/bgp/session/config.ts";
import type { ConnectionId } from "../../src/bgp/session/connection.ts";
import type { DampingSettings } from "../../src/bgp/session/damping.ts";
import type { SessionEvent } from "../../src/bgp/session/event.ts";
import { makeOpen } from "../../src/bgp/session/make-open.ts";
import { BgpSession } from "../../src/bgp/session/session.ts";
import type { TimerName } from "../../src/bgp/session/timers.ts";
import type { Message, Notification, Open } from "../../src/bgp/message.ts";
import { BugError } from "../../src/lib/errors.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { describeAction } from "./bgp-machine-lab.ts";
import { ENDPOINTS, sessionConfig } from "./bgp-session-config.ts";

/** What the peer of `sessionConfig()` says: AS 64513, router ID 192.0.2.2, all that we offer, too. */
export function peerOpen(changes: Partial<Open> = {}): Open {
  const mirrored = sessionConfig({ localAsn: 64_513, routerId: 0xc000_0202 });
  return { ...makeOpen(mirrored, new Set()), ...changes };
}

/** A session under the eyes of a test, whose timers fire as time passes. Jitter takes the whole quarter. */
export class SessionLab {
  readonly session: BgpSession;
  readonly actions: SessionAction[] = [];
  /** Attempts and connections that the session has, or may think to have, and what it last heard there. */
  readonly connections = new Map<ConnectionId, "attempt" | "stands" | "opened">();

  /** What was asked for that can't be done. */
  readonly oddities: string[] = [];
  readonly #timers = new Map<TimerName, number>();
  now = 0;

  constructor(changes: Partial<SessionConfig> = {}, damping?: DampingSettings) {
    const options = { config: sessionConfig(changes), random: { next: () => 0 } };
    this.session = new BgpSession(damping === undefined ? options : { ...options, damping }, millis(0));
  }

  /** Hands events over; gives what was done for them. */
  do(...events: readonly SessionEvent[]): readonly string[] {
    const all = events.flatMap((event) => this.#handle(event));
    return all.map((action) => withConnection(action));
  }

  /** Time passes, timers fire. Gives what was done, with the second in which it was. */
  pass(time: number): readonly string[] {
    const end = this.now + time;
    const done: string[] = [];
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const [name, at] = next;
      this.#timers.delete(name);
      this.now = at;
      for (const action of this.#handle({ on: "timer", name })) done.push(`${at / 1000}: ${withConnection(action)}`);
    }
    this.now = end;
    return done;
  }

  connected(connection: ConnectionId = "out-1"): SessionEvent {
    return { on: "connected", connection, ...ENDPOINTS };
  }

  accepted(connection: ConnectionId): SessionEvent {
    const { local, remote } = ENDPOINTS;
    return { on: "accepted", connection, local: remote, remote: local };
  }

  received(message: Message, connection: ConnectionId = "out-1"): SessionEvent {
    return { on: "received", connection, message };
  }

  /** To Established on `out-1`. */
  establish(open: Open = peerOpen()): readonly string[] {
    const keepalive = this.received({ type: "keepalive" });
    return this.do({ on: "start" }, this.connected(), this.received(open), keepalive);
  }

  /** Lets time pass until it connects. */
  nextAttempt(): ConnectionId {
    for (let i = 0; i < 100; i++) {
      const attempt = [...this.connections].find(([, is]) => is === "attempt");
      if (attempt !== undefined) return attempt[0];
      this.pass(1000);
    }
    throw new BugError("no attempt is made");
  }

  /** What comes next on one of the connections when nothing is in the way. */
  progress(): readonly string[] {
    const [first] = this.connections;
    if (first === undefined) return [];
    const [connection, is] = first;
    if (is === "attempt") return this.do(this.connected(connection));
    return this.do(this.received(is === "stands" ? peerOpen() : { type: "keepalive" }, connection));
  }

  /** The last NOTIFICATION that was sent. */
  get notification(): Notification | undefined {
    return this.actions
      .flatMap((action) => (action.do === "send" && action.message.type === "notification" ? [action.message] : []))
      .at(-1);
  }

  /** What runs, with the seconds that are left. */
  get timers(): readonly string[] {
    return [...this.#timers].map(([name, at]) => `${name} ${(at - this.now) / 1000}`).sort();
  }

  #handle(event: SessionEvent): readonly SessionAction[] {
    this.#heard(event);
    const actions = this.session.handle(event, millis(this.now));
    for (const action of actions) {
      this.actions.push(action);
      if (action.do === "send" && !this.#stands(action.connection)) this.oddities.push(`sends on ${action.connection}`);
      if (action.do === "set-timer") this.#timers.set(action.name, this.now + action.after);
      if (action.do === "cancel-timer") this.#timers.delete(action.name);
      if (action.do === "connect") this.connections.set(action.connection, "attempt");
      if (action.do === "close") this.connections.delete(action.connection);
    }
    return actions;
  }

  #stands(connection: ConnectionId): boolean {
    const is = this.connections.get(connection);
    return is !== undefined && is !== "attempt";
  }

  #heard(event: SessionEvent): void {
    if (event.on === "closed" || event.on === "connect-failed") this.connections.delete(event.connection);
    if (event.on === "accepted" || event.on === "connected") this.connections.set(event.connection, "stands");
    if (event.on !== "received" || event.message.type !== "open" || !this.connections.has(event.connection)) return;
    this.connections.set(event.connection, "opened");
  }

  #next(end: number): [TimerName, number] | undefined {
    const due = [...this.#timers].filter(([, at]) => at <= end);
    return due.sort(([, one], [, other]) => one - other)[0];
  }
}

/** The damping of a session that is to be watched failing: 2 s, 4 s, 8 s. */
export const SHORT_DAMPING: DampingSettings = { first: seconds(2), longest: seconds(8), stableAfter: seconds(60) };

function withConnection(action: SessionAction): string {
  const text = describeAction(action);
  if (action.do === "set-timer" || action.do === "cancel-timer") return text;
  return "connection" in action ? `${action.connection} ${text}` : text;
}
