import type { ConfigIssue } from "../../config/issues.ts";
import type { AliveFrom } from "../layer2/elections.ts";
import type { AddressAnswers } from "../live/address-answers.ts";
import type { LiveProblemCode } from "../live/live-problems.ts";
import type { SpeakerReport } from "../live/speaker-reports.ts";
import type { SkipReason } from "../../speaker/announce-plan.ts";
import type { Announcement } from "../../speaker/protocol.ts";
import type { Reason } from "./service-explanation.ts";

/** Who announces a Service on layer 2 and who would. Part of `-o json`: fields are added, never renamed. */
export interface ExplainedLayer2 {
  /** The answer in one sentence. */
  readonly summary: string;
  /** Why no node whatsoever may announce it, with the speakers' code. */
  readonly refusal?: Reason & { readonly code: SkipReason };
  /** Who should announce it if those speakers are alive that are taken to be. Absent: nobody. */
  readonly expectedOwner?: string;
  readonly aliveFrom: AliveFrom;
  /** Who says that it announces it (ServiceL2Status). Absent: this could not be read. */
  readonly owners?: readonly ExplainedOwner[];
  /** What the speakers themselves say of each address. Absent: they were not asked. */
  readonly answers?: readonly { readonly address: string; readonly by: readonly AddressAnswers[] }[];
  /** The speakers, and whether they could be asked. Absent: they were not asked. */
  readonly speakers?: readonly SpeakerReport[];
  /** All nodes: the expected owner, then whoever follows when it fails, then those who can't. Empty with `refusal`. */
  readonly nodes: readonly ExplainedNode[];
  /** Where who announces is not who should. */
  readonly differences: readonly Layer2Difference[];
  /** Of pools and L2Advertisements: while there are any, speakers go on with what was valid before. */
  readonly issues: readonly ConfigIssue[];
}

export interface ExplainedOwner {
  readonly node: string;
  /** Names, or `all`. */
  readonly interfaces: Announcement["interfaces"];
}

export interface ExplainedNode extends Reason {
  readonly node: string;
  /** `owner`: it is expected to announce; else the speakers' code. `notOwner`: it may, and another is preferred. */
  readonly code: "owner" | SkipReason;
  /** Sum of the weights of preferredNodeSelectors. */
  readonly preference: number;
  /** Where it would announce; absent when it can't. */
  readonly interfaces?: Announcement["interfaces"];
  /** Whether an endpoint of the Service there takes traffic. */
  readonly endpoint: boolean;
  /** Its speaker's Pod. */
  readonly speaker: "ready" | "not-ready" | "none" | "unknown";
}

export interface Layer2Difference {
  /** Where what the speakers do is not what they should. */
  readonly code?: LiveProblemCode;
  readonly explanation: string;
  /** What may have led to it, likeliest first. */
  readonly causes: readonly string[];
}
