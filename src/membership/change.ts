import type { Endpoint, MemberState } from "./message.ts";

/**
 * What became of a member:
 * - `joined`: it is there, for the first time or again
 * - `updated`: its metadata changed
 * - `suspected`: it may be dead; it still counts as there
 * - `cleared`: it is not suspected any more
 * - `left`: it said goodbye
 * - `died`
 * - `forgotten`: it was gone for long enough not to be spoken of any more
 */
export type MemberChangeKind = "joined" | "updated" | "suspected" | "cleared" | "left" | "died" | "forgotten";

export type MemberChange =
  | { readonly kind: MemberChangeKind; readonly member: MemberState }
  /** Two members have one name: `other` claims to be `member`. */
  | { readonly kind: "name-conflict"; readonly member: MemberState; readonly other: Endpoint };

/** Why a message changed nothing. */
export type IgnoredReason =
  /** It names nobody. */
  | "no-name"
  /** A ping for another member than us. */
  | "not-for-us"
  /** Answer to nothing that we asked, or too late. */
  | "unexpected-answer"
  | "unknown-member"
  /** We know something newer. */
  | "outdated"
  /** The member is dead or has left already. */
  | "gone-already"
  | "name-conflict"
  /** Nobody can be reached at port 0. */
  | "no-port"
  | "too-many-members"
  /** The ranges of protocol versions make no sense. */
  | "bad-versions"
  /** Ours to relay, but too many are under way. */
  | "too-many-relays"
  /** Data of a program above membership: there is none here. */
  | "user-data";
