import type { ConfigIssue } from "../../config/issues.ts";
import type { Family } from "../../ip/family.ts";
import type { ObjectKey } from "../../ports/kube.ts";
import type { SkipReason } from "../../speaker/announce-plan.ts";
import type { AddressAnswers } from "../live/address-answers.ts";
import type { LiveProblemCode } from "../live/live-problems.ts";
import type { SpeakerReport } from "../live/speaker-reports.ts";
import type { Announcement } from "../../speaker/protocol.ts";

/** Who announces which address of a cluster on layer 2. `-o json` prints it as it is: fields are added, never renamed. */
export interface OwnersReport {
  /** The answer in one sentence. */
  readonly summary: string;
  /** All that Services show, IPv4 first, in the order of addresses. */
  readonly addresses: readonly OwnedAddress[];
  /** Who says that it announces a Service that has no address, or is gone. */
  readonly leftOver: readonly { readonly service: ObjectKey; readonly node: string }[];
  /** The speakers, and whether they could be asked. Absent: they were not asked. */
  readonly speakers?: readonly SpeakerReport[];
  /** Of pools and L2Advertisements: while there are any, speakers go on with what was valid before. */
  readonly issues: readonly ConfigIssue[];
  /** What could not be read, and what looks odd. */
  readonly notes: readonly string[];
}

export interface OwnedAddress {
  readonly address: string;
  readonly family: Family;
  /** "": it is in none. */
  readonly pool: string;
  /** Services that show it, in name order. */
  readonly services: readonly ObjectKey[];
  /** Who says that it announces one of them, in name order. */
  readonly owners: readonly AddressOwner[];
  /** What the speakers themselves say: who owns it or answers for it. Absent: they were not asked. */
  readonly answers?: readonly AddressAnswers[];
  readonly problems: readonly OwnerProblem[];
}

export interface AddressOwner {
  readonly node: string;
  /** Names, or `all`. */
  readonly interfaces: Announcement["interfaces"];
}

/**
 * `notAnnounced`: a node should announce it and doesn't say that it does. `severalOwners`: nodes would answer against
 * each other. `ownerNotReady`: the owner's speaker has no Pod that is ready. LiveProblemCode: what the speakers do is not
 * what they should. The others are the speakers' reasons why nobody may announce it.
 */
export interface OwnerProblem {
  readonly code: "notAnnounced" | "severalOwners" | "ownerNotReady" | LiveProblemCode | SkipReason;
  /** The Services that it is about. */
  readonly services: readonly ObjectKey[];
  readonly explanation: string;
}
