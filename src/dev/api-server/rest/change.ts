import type { ApiObject } from "../objects.ts";
import type { Definition } from "../registry.ts";

/** A write that is worked out and valid, but neither admitted nor stored yet. Objects are in the served form. */
export interface Change {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly definition: Definition;
  /** "" is the object itself. */
  readonly subresource: string;
  /** "" for all that has no namespace. */
  readonly namespace: string;
  /** As the request has it: "" when the server makes up the name. */
  readonly name: string;
  /** What is to be; undefined on DELETE. */
  readonly object: ApiObject | undefined;
  /** What was; undefined on CREATE. */
  readonly old: ApiObject | undefined;
  readonly dryRun: boolean;
}

/**
 * Shows a change to those who may refuse it, which rejects with a StatusError. Undefined when nobody wants to see it:
 * such a write needs not wait.
 */
export type Admit = (change: Change) => Promise<void> | undefined;

/** The server's own controllers ask nobody. */
export const ADMIT_ALL: Admit = () => undefined;
