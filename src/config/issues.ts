/**
 * `invalid`: wrong whatever else there is. `unresolved`: it refers to something that may come later (an alias of a
 * Community, a BFDProfile, a Secret); admission warns of it, and a running process waits for it.
 */
export type IssueKind = "invalid" | "unresolved";

/** What is wrong with a user's object, where, and how to mend it. Collected, never thrown. */
export interface ConfigIssue {
  readonly kind: IssueKind;
  /** `IPAddressPool metallb-system/pool-a` */
  readonly object: string;
  /** `spec.addresses[2]` */
  readonly field: string;
  readonly message: string;
  /** What the user can do about it. */
  readonly fix: string;
}

/** One line for logs, events, conditions and admission answers. */
export function formatIssue(issue: ConfigIssue): string {
  return `${issue.object}: ${issue.field}: ${issue.message}; ${issue.fix}`;
}
