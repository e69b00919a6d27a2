import type { FsmEventName } from "./fsm-event.ts";
import type { SessionState } from "./session-state.ts";

/**
 * The state machine of RFC 4271 §8.2.2 as a table: one entry for each paragraph there, with the RFC's names, so that the two
 * can be read side by side. The machine that follows it is `connection-machine.ts`. Where the table is not the RFC is said
 * here, and in docs/rfc-notes.md with the cause.
 */

/** What the RFC's paragraphs tell "the local system" to do. */
export type FsmAction =
  | "start ConnectRetryTimer"
  | "stop ConnectRetryTimer"
  | "start DelayOpenTimer"
  | "stop DelayOpenTimer"
  | "set HoldTimer to a large value"
  | "set HoldTimer as negotiated"
  | "restart HoldTimer"
  | "start KeepaliveTimer"
  | "initiate TCP connection"
  | "take TCP connection"
  | "drop TCP connection"
  | "release resources"
  | "send OPEN"
  | "send KEEPALIVE"
  /** The one that comes with the event. */
  | "send NOTIFICATION"
  | "send NOTIFICATION if without OPEN"
  | "send NOTIFICATION FSM error"
  | "zero ConnectRetryCounter"
  | "increment ConnectRetryCounter"
  | "damp";

/** What the RFC's paragraphs make dependent. */
export type FsmCondition = "DelayOpen" | "DelayOpenTimer running" | "PassiveTcpEstablishment";

export interface FsmRule {
  readonly when?: FsmCondition;
  readonly do: readonly FsmAction[];
  readonly to: SessionState;
}

/** Of several rules the first counts whose condition holds. */
type FsmRules = { readonly [event in FsmEventName]?: FsmRule | readonly FsmRule[] } & {
  /** "Any other event". */
  readonly other: FsmRule;
};

/** What ends a connection for a fault: the RFC's usual list, behind the NOTIFICATION. */
const FAIL = [
  "stop ConnectRetryTimer",
  "release resources",
  "drop TCP connection",
  "increment ConnectRetryCounter",
  "damp",
] as const;

/** An end that doesn't count as a failure: version error (24). */
const LEAVE = ["stop ConnectRetryTimer", "release resources", "drop TCP connection"] as const;

const STOP = [
  "send NOTIFICATION",
  "stop ConnectRetryTimer",
  "release resources",
  "drop TCP connection",
  "zero ConnectRetryCounter",
] as const;

const FAULT: FsmRule = { do: ["send NOTIFICATION", ...FAIL], to: "Idle" };
const FSM_ERROR: FsmRule = { do: ["send NOTIFICATION FSM error", ...FAIL], to: "Idle" };
const SILENT_FAULT: FsmRule = { do: FAIL, to: "Idle" };

function ignored(to: SessionState): Pick<FsmRules, FsmEventName> {
  const rule: FsmRule = { do: [], to };
  return {
    ManualStart: rule,
    AutomaticStart: rule,
    ManualStart_with_PassiveTcpEstablishment: rule,
    AutomaticStart_with_PassiveTcpEstablishment: rule,
    AutomaticStart_with_DampPeerOscillations: rule,
    AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment: rule,
    TcpConnection_Valid: rule,
    Tcp_CR_Invalid: rule,
  };
}

const START: FsmRule = {
  do: ["zero ConnectRetryCounter", "start ConnectRetryTimer", "initiate TCP connection"],
  to: "Connect",
};
const PASSIVE_START: FsmRule = { do: ["zero ConnectRetryCounter", "start ConnectRetryTimer"], to: "Active" };
const DAMPED_START: FsmRule = { do: ["start ConnectRetryTimer", "initiate TCP connection"], to: "Connect" };
const DAMPED_PASSIVE_START: FsmRule = { do: ["start ConnectRetryTimer"], to: "Active" };

const IDLE: FsmRules = {
  ManualStart: START,
  AutomaticStart: START,
  ManualStart_with_PassiveTcpEstablishment: PASSIVE_START,
  AutomaticStart_with_PassiveTcpEstablishment: PASSIVE_START,
  AutomaticStart_with_DampPeerOscillations: DAMPED_START,
  AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment: DAMPED_PASSIVE_START,
  IdleHoldTimer_Expires: [{ when: "PassiveTcpEstablishment", ...DAMPED_PASSIVE_START }, DAMPED_START],
  other: { do: [], to: "Idle" },
};

/** Connect and Active do the same when TCP stands: the timers stop, and OPEN is sent now or after DelayOpenTime. */
function tcpStands(state: "Connect" | "Active"): readonly FsmRule[] {
  return [
    { when: "DelayOpen", do: ["take TCP connection", "stop ConnectRetryTimer", "start DelayOpenTimer"], to: state },
    {
      do: ["take TCP connection", "stop ConnectRetryTimer", "send OPEN", "set HoldTimer to a large value"],
      to: "OpenSent",
    },
  ];
}

const DELAY_OPEN_EXPIRED: FsmRule = {
  do: ["stop ConnectRetryTimer", "stop DelayOpenTimer", "send OPEN", "set HoldTimer to a large value"],
  to: "OpenSent",
};

const OPEN_WHILE_DELAYED: FsmRule = {
  do: [
    "stop ConnectRetryTimer",
    "stop DelayOpenTimer",
    "send OPEN",
    "send KEEPALIVE",
    "start KeepaliveTimer",
    "set HoldTimer as negotiated",
  ],
  to: "OpenConfirm",
};

const FAULT_WITHOUT_OPEN: FsmRule = { do: ["send NOTIFICATION if without OPEN", ...FAIL], to: "Idle" };

const VERSION_ERROR_WITHOUT_OPEN: readonly FsmRule[] = [
  {
    when: "DelayOpenTimer running",
    do: ["stop ConnectRetryTimer", "stop DelayOpenTimer", "release resources", "drop TCP connection"],
    to: "Idle",
  },
  SILENT_FAULT,
];

const CONNECT: FsmRules = {
  ...ignored("Connect"),
  // The NOTIFICATION is as in Active: §8.2.2 mentions it only there.
  ManualStop: {
    do: [
      "send NOTIFICATION if without OPEN",
      "drop TCP connection",
      "release resources",
      "zero ConnectRetryCounter",
      "stop ConnectRetryTimer",
    ],
    to: "Idle",
  },
  ConnectRetryTimer_Expires: {
    do: ["drop TCP connection", "start ConnectRetryTimer", "stop DelayOpenTimer", "initiate TCP connection"],
    to: "Connect",
  },
  DelayOpenTimer_Expires: DELAY_OPEN_EXPIRED,
  Tcp_CR_Acked: tcpStands("Connect"),
  TcpConnectionConfirmed: tcpStands("Connect"),
  TcpConnectionFails: [
    { when: "DelayOpenTimer running", do: ["start ConnectRetryTimer", "stop DelayOpenTimer"], to: "Active" },
    { do: ["stop ConnectRetryTimer", "drop TCP connection", "release resources"], to: "Idle" },
  ],
  BGPOpen_with_DelayOpenTimer_running: OPEN_WHILE_DELAYED,
  BGPHeaderErr: FAULT_WITHOUT_OPEN,
  BGPOpenMsgErr: FAULT_WITHOUT_OPEN,
  NotifMsgVerErr: VERSION_ERROR_WITHOUT_OPEN,
  other: {
    do: [
      "stop ConnectRetryTimer",
      "stop DelayOpenTimer",
      "release resources",
      "drop TCP connection",
      "increment ConnectRetryCounter",
      "damp",
    ],
    to: "Idle",
  },
};

const ACTIVE: FsmRules = {
  ...ignored("Active"),
  ManualStop: {
    do: [
      "send NOTIFICATION if without OPEN",
      "release resources",
      "drop TCP connection",
      "zero ConnectRetryCounter",
      "stop ConnectRetryTimer",
    ],
    to: "Idle",
  },
  ConnectRetryTimer_Expires: { do: ["start ConnectRetryTimer", "initiate TCP connection"], to: "Connect" },
  DelayOpenTimer_Expires: DELAY_OPEN_EXPIRED,
  Tcp_CR_Acked: tcpStands("Active"),
  TcpConnectionConfirmed: tcpStands("Active"),
  TcpConnectionFails: {
    do: ["stop ConnectRetryTimer", "stop DelayOpenTimer", "release resources", "increment ConnectRetryCounter", "damp"],
    to: "Idle",
  },
  BGPOpen_with_DelayOpenTimer_running: OPEN_WHILE_DELAYED,
  BGPHeaderErr: FAULT_WITHOUT_OPEN,
  BGPOpenMsgErr: FAULT_WITHOUT_OPEN,
  NotifMsgVerErr: VERSION_ERROR_WITHOUT_OPEN,
  other: SILENT_FAULT,
};

const OPEN_SENT: FsmRules = {
  ...ignored("OpenSent"),
  ManualStop: { do: STOP, to: "Idle" },
  AutomaticStop: FAULT,
  HoldTimer_Expires: FAULT,
  // "Tracked per Connection Collision processing": a second connection has a machine of its own.
  Tcp_CR_Acked: { do: [], to: "OpenSent" },
  TcpConnectionConfirmed: { do: [], to: "OpenSent" },
  // HoldTimer is stopped with the connection: Active knows none.
  TcpConnectionFails: { do: ["release resources", "drop TCP connection", "start ConnectRetryTimer"], to: "Active" },
  BGPOpen: {
    do: [
      "stop DelayOpenTimer",
      "stop ConnectRetryTimer",
      "send KEEPALIVE",
      "start KeepaliveTimer",
      "set HoldTimer as negotiated",
    ],
    to: "OpenConfirm",
  },
  BGPHeaderErr: FAULT,
  BGPOpenMsgErr: FAULT,
  OpenCollisionDump: FAULT,
  NotifMsgVerErr: { do: LEAVE, to: "Idle" },
  // Not an FSM error as in the RFC: a NOTIFICATION is never answered by one (§6.4).
  NotifMsg: SILENT_FAULT,
  other: FSM_ERROR,
};

const OPEN_CONFIRM: FsmRules = {
  ...ignored("OpenConfirm"),
  ManualStop: { do: STOP, to: "Idle" },
  AutomaticStop: FAULT,
  HoldTimer_Expires: FAULT,
  KeepaliveTimer_Expires: { do: ["send KEEPALIVE", "start KeepaliveTimer"], to: "OpenConfirm" },
  Tcp_CR_Acked: { do: [], to: "OpenConfirm" },
  TcpConnectionConfirmed: { do: [], to: "OpenConfirm" },
  TcpConnectionFails: SILENT_FAULT,
  NotifMsg: SILENT_FAULT,
  NotifMsgVerErr: { do: LEAVE, to: "Idle" },
  // The OPEN of event 19 is the other connection's: it reaches this one as event 23. A second one here is "other".
  BGPHeaderErr: FAULT,
  BGPOpenMsgErr: FAULT,
  OpenCollisionDump: FAULT,
  KeepAliveMsg: { do: ["restart HoldTimer"], to: "Established" },
  other: FSM_ERROR,
};

const ESTABLISHED: FsmRules = {
  ...ignored("Established"),
  ManualStop: { do: STOP, to: "Idle" },
  AutomaticStop: FAULT,
  HoldTimer_Expires: FAULT,
  KeepaliveTimer_Expires: { do: ["send KEEPALIVE", "start KeepaliveTimer"], to: "Established" },
  Tcp_CR_Acked: { do: [], to: "Established" },
  TcpConnectionConfirmed: { do: [], to: "Established" },
  OpenCollisionDump: FAULT,
  // The RFC doesn't damp these three, which would let a peer that closes at once be dialled each second.
  NotifMsgVerErr: SILENT_FAULT,
  NotifMsg: SILENT_FAULT,
  TcpConnectionFails: SILENT_FAULT,
  KeepAliveMsg: { do: ["restart HoldTimer"], to: "Established" },
  UpdateMsg: { do: ["restart HoldTimer"], to: "Established" },
  UpdateMsgErr: FAULT,
  RouteRefreshMsg: { do: [], to: "Established" },
  // Errors in a header are named (§6.1), not called an error of the state machine.
  BGPHeaderErr: FAULT,
  SendHoldTimer_Expires: FAULT,
  other: FSM_ERROR,
};

export const FSM: Readonly<Record<SessionState, FsmRules>> = {
  Idle: IDLE,
  Connect: CONNECT,
  Active: ACTIVE,
  OpenSent: OPEN_SENT,
  OpenConfirm: OPEN_CONFIRM,
  Established: ESTABLISHED,
};

/** The rule for an event; there is always one. */
export function ruleFor(
  state: SessionState,
  event: FsmEventName,
  holds: (condition: FsmCondition) => boolean,
): FsmRule {
  const rules = FSM[state][event] ?? FSM[state].other;
  if (!Array.isArray(rules)) return rules as FsmRule;
  return (rules as readonly FsmRule[]).find(({ when }) => when === undefined || holds(when)) ?? FSM[state].other;
}
