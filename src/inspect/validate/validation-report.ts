/** What `metallb validate` found; `-o json` prints it as it is. Fields are added, never renamed. */
export interface ValidationReport {
  /** Whether there is no error. Warnings don't count. */
  readonly valid: boolean;
  /** Where the objects are, or would be. */
  readonly namespace: string;
  /** Objects of group metallb.io. */
  readonly checked: number;
  /** Other objects, by kind. */
  readonly ignored: Readonly<Record<string, number>>;
  /** In the order of files and lines. */
  readonly issues: readonly ValidationIssue[];
}

export interface ValidationIssue {
  readonly severity: "error" | "warning";
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** `IPAddressPool metallb-system/pool-a`; "" when the text could not be read as objects. */
  readonly object: string;
  /** `spec.addresses[2]`; "" for the object as a whole. */
  readonly field: string;
  readonly message: string;
  readonly fix: string;
}
