import type { SessionAction } from "../../src/bgp/session/action.ts";
import type { SessionConfig } from "../../src/bgp/session/config.ts";
import { ConnectionMachine } from "../../src/bgp/session/connection-machine.ts";

import type { FsmEvent, FsmEventName } from "../../src/bgp/session/fsm-event.ts";
import { FSM_EVENT_NUMBERS } from "../../src/bgp/session/fsm-event.ts";
import { makeOpen } from "../../src/bgp/session/make-open.ts";
import { negotiate } from "../../src/bgp/session/negotiate.ts";
import type { SessionState } from "../../src/bgp/session/session-state.ts";
import { Timers } from "../../src/bgp/session/timers.ts";
import { BugError } from "../../src/lib/errors.ts";
import { type Millis, millis } from "../../src/lib/duration.ts";
import { ENDPOINTS, sessionConfig } from "./bgp-session-config.ts";

/** Where a machine can be brought to; `delayed`: TCP stands, and the peer's OPEN is waited for. */
export type Setup = SessionState | "Connect, delayed" | "Active, delayed";

const FROM_US = { connection: "out-9", endpoints: ENDPOINTS } as const;
const FROM_PEER = { connection: "in-9", endpoints: ENDPOINTS } as const;

type Step = readonly [FsmEventName, Omit<FsmEvent, "name">?] | "OPEN";

const CONNECTED: readonly Step[] = [["AutomaticStart_with_DampPeerOscillations"], ["Tcp_CR_Acked", FROM_US]];

const WAYS: Readonly<Record<Setup, readonly Step[]>> = {
  Idle: [],
  Connect: [["AutomaticStart_with_DampPeerOscillations"]],
  "Connect, delayed": CONNECTED,
  Active: [["AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment"]],
  "Active, delayed": [
    ["AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment"],
    ["TcpConnectionConfirmed", FROM_PEER],
  ],
  OpenSent: CONNECTED,
  OpenConfirm: [...CONNECTED, "OPEN"],
  Established: [...CONNECTED, "OPEN", ["KeepAliveMsg"]],
};

const NAMES = Object.keys(FSM_EVENT_NUMBERS) as (keyof typeof FSM_EVENT_NUMBERS)[];

/** Two failures, so that one sees what becomes of ConnectRetryCounter. */
const TWICE_FAILED: readonly Step[] = [
  ["AutomaticStart_with_DampPeerOscillations"],
  ["AutomaticStop"],
  ["AutomaticStart_with_DampPeerOscillations"],
  ["AutomaticStop"],
];

/** One machine of RFC 4271 §8.2.2. Jitter takes the whole quarter; the peer offers a hold time of 30 s. */
export class MachineLab {
  readonly #machine: ConnectionMachine;
  readonly #config: SessionConfig;
  readonly #actions: SessionAction[] = [];
  now = 0;

  constructor(setup: Setup, changes: Partial<SessionConfig> = {}) {
    const delayOpenTime = millis(setup.endsWith("delayed") ? 5000 : 0);
    this.#config = sessionConfig({ delayOpenTime, ...changes });
    let connections = 0;
    const emit = (action: SessionAction): void => void this.#actions.push(action);
    this.#machine = new ConnectionMachine(1, "Idle", {
      timers: new Timers(emit),
      config: () => this.#config,
      emit,
      send: (connection, message) => emit({ do: "send", connection, message }),
      makeOpen: () => makeOpen(this.#config, new Set()),
      nextConnection: () => `out-${++connections}`,
      jittered: (time) => millis(time * 0.75),
      retryDelay: () => millis(4000),
    });
    for (const step of [...TWICE_FAILED, ...WAYS[setup]]) this.#take(step);
    this.did();
  }

  get state(): SessionState {
    return this.#machine.state;
  }

  get retryCounter(): number {
    return this.#machine.retryCounter;
  }

  /** Whether the last end was one that counts for damping; undefined: nothing ended. */
  takeDamps(): boolean | undefined {
    return this.#machine.takeEnd()?.damps;
  }

  /** The event with the RFC's number, with all that it needs. */
  step(number: number, extra: Omit<FsmEvent, "name"> = {}): void {
    const name = NAMES.find((one) => FSM_EVENT_NUMBERS[one] === number);
    if (name === undefined) throw new BugError(`there is no event ${number}`);
    const tcp = number === 16 ? FROM_US : number === 17 ? FROM_PEER : {};
    if (number === 19 || number === 20) this.#take("OPEN");
    else this.#take([name, { ...tcp, ...extra }]);
  }

  /** A message that has no number in the RFC. */
  refresh(): void {
    this.#take(["RouteRefreshMsg", { message: "route-refresh" }]);
  }

  /** An event that the state has no rule for. */
  stepAs(name: FsmEventName, extra: Omit<FsmEvent, "name">): void {
    this.#take([name, extra]);
  }

  updatesSent(): void {
    this.#machine.restartKeepalive(this.#time);
  }

  waits(waiting: boolean): void {
    this.#machine.waits(waiting, this.#time);
  }

  /** What was done since it was last asked, a word or two each. */
  did(): readonly string[] {
    return this.#actions.splice(0).map((action) => describeAction(action));
  }

  get #time(): Millis {
    return millis(this.now);
  }

  #take(step: Step): void {
    if (step === "OPEN") return this.#open();
    const [name, extra] = step;
    this.#machine.step({ name, ...extra }, this.#time);
  }

  #open(): void {
    const ours = this.#machine.ourOpen;
    const verdict = negotiate(this.#config, ours, { ...ours, asn: 64_513, holdTime: 30, capabilities: [] });
    if (!verdict.ok) throw new BugError(verdict.error.message);
    this.#machine.opened(verdict.value, this.#time);
  }
}

/** In a word or two; timers without the number of their machine, times in seconds. */
export function describeAction(action: SessionAction): string {
  switch (action.do) {
    case "send": {
      const { message } = action;
      const name = message.type.toUpperCase();
      return message.type === "notification" ? `${name} ${message.code}/${message.subcode}` : name;
    }
    case "set-timer":
      return `${action.name.split("/")[0]} = ${action.after / 1000}`;
    case "cancel-timer":
      return `${action.name.split("/")[0]} off`;
    case "moved":
      return `${action.from} → ${action.to}`;
    case "refresh":
      return `refresh ${action.family}${action.enhanced ? ", enhanced" : ""}`;
    case "down":
      return `down: ${action.reason.code}`;
    case "connect":
    case "close":
    case "established":
      return action.do;
  }
}
