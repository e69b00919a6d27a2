/**
 * The seam between the speaker's main thread and its protocol worker: plain data that survives a structured clone.
 * Desired state goes down as differences, facts come up as events.
 */
import type { IpAddress } from "../ip/address.ts";
import type { InterfaceSubnets } from "../layer2/subnets.ts";
import type { Endpoint } from "../membership/message.ts";
import type { Standing } from "../membership/self-doubt.ts";
import type { WireReason } from "../membership/wire/refusal.ts";
import type { Millis } from "../lib/duration.ts";
import type { LogFields } from "../ports/log.ts";
import type { MembershipConfig } from "./membership-config.ts";

/** What the worker gets when its thread starts. */
export interface WorkerOptions {
  readonly role: "protocol";
  /** Regular expression (flag `u`); interfaces whose names it matches are never used. */
  readonly excludedInterfaces: string;
  /** Undefined: there is no membership. */
  readonly membership?: MembershipConfig | undefined;
}

/** Answer for `address` on these interfaces. */
export interface Announcement {
  readonly address: IpAddress;
  /** Interface names, or "all" that qualify. */
  readonly interfaces: "all" | readonly string[];
  /** How often it is announced again after the first burst; 0: never. Absent: the default. */
  readonly repeatEvery?: Millis | undefined;
}

export type WorkerCommand =
  /**
   * Starts announcing, or replaces the terms of an announcement. `takesOver`: another living node may answer for the
   * address until it hears of the move, too, so it gets time for that.
   */
  | { readonly do: "announce"; readonly announcement: Announcement; readonly takesOver?: true }
  /** Stops announcing. `handover`: another node is to own the address, and we answer until it begins (`layer2/handover.ts`). */
  | { readonly do: "withdraw"; readonly address: IpAddress; readonly handover?: true }
  /** Where other speakers may be found. */
  | { readonly do: "join"; readonly seeds: readonly Endpoint[] }
  /** The API server was spoken with after the silence that began at `since`: we are not cut off, the others are gone. */
  | { readonly do: "vouch"; readonly since: Millis }
  /** Say goodbye to other speakers, hand everything over to them, then answer with `stopped`. */
  | { readonly do: "stop" };

export type WorkerEvent =
  /** The worker is up and its link monitor has told all links once. */
  | { readonly on: "ready" }
  /** Names of all interfaces that are not excluded, up or down; sent after each change. */
  | { readonly on: "interfaces"; readonly names: readonly string[] }
  /** The subnets of the same interfaces; sent after each change. */
  | { readonly on: "subnets"; readonly interfaces: readonly InterfaceSubnets[] }
  /** The interfaces on which `address` is now answered; sent after each change, empty when on none. */
  | { readonly on: "announcing"; readonly address: IpAddress; readonly interfaces: readonly AnsweringInterface[] }
  /**
   * Another station, `mac`, was heard on an interface to claim an address which this node owns. Each is told once, and
   * again after it was silent for ten minutes.
   */
  | { readonly on: "duplicate"; readonly address: IpAddress; readonly mac: string; readonly interface: string }
  /** Counter increments since the last such event; sent at most once a second. */
  | { readonly on: "counters"; readonly counters: readonly AddressCounters[] }
  /** Something that layer 2 needs is missing or failed; `message` says what and how to mend it. */
  | { readonly on: "trouble"; readonly code: string; readonly message: string }
  /** Nodes whose speakers are alive, ours included; sent when we have joined them and after each change. */
  | { readonly on: "members"; readonly nodes: readonly string[] }
  /** Who takes part as of now, ours included, and what was refused since the last such event; at most once a second. */
  | {
      readonly on: "roster";
      readonly members: readonly RosterMember[];
      readonly refused: readonly { readonly reason: WireReason; readonly times: number }[];
    }
  /** Whether others may have taken our place; nothing is answered where `holdsBack` says so. Brief doubt is not told. */
  | { readonly on: "standing"; readonly standing: Standing }
  | {
      readonly on: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly fields: LogFields;
      readonly message: string;
    }
  | { readonly on: "stopped" };

export interface RosterMember {
  readonly node: string;
  readonly address: string;
  /** A suspect still counts as alive. */
  readonly state: "alive" | "suspect";
}

/** An interface on which an address is answered, with the Ethernet address that is told. */
interface AnsweringInterface {
  readonly name: string;
  readonly mac: string;
}

/** Increments; the last of each kind with the milliseconds that had passed when the event was sent. */
export interface AddressCounters {
  readonly address: IpAddress;
  readonly requestsReceived: number;
  readonly responsesSent: number;
  readonly gratuitousSent: number;
  /** Times that another station claimed the address. */
  readonly duplicatesHeard: number;
  /** The last answer: on which interface, and to which Ethernet address. Absent: none since the last such event. */
  readonly lastAnswered?: { readonly agoMs: number; readonly interface: string; readonly to: string };
  /** Absent: none since the last such event. */
  readonly lastGratuitous?: { readonly agoMs: number };
}

/** The worker as the main thread sees it; a fake stands in for it in scenario tests. */
export interface ProtocolWorker {
  send(command: WorkerCommand): void;
  /** One handler, which is also told what happened before. */
  onEvent(handler: (event: WorkerEvent) => void): void;
}
