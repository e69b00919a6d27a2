import type { ApiObject } from "./objects.ts";
import type { NameRule } from "./names.ts";
import { dnsSubdomain } from "./names.ts";
import type { FieldLabels } from "./selectors.ts";
import type { FieldError } from "./status.ts";

/** What makes one kind different from the others. All functions are free of side effects except on `next`. */
export interface Strategy {
  readonly nameRule: NameRule;
  /** Whether metadata.generation counts changes of the specification. Services have none. */
  readonly generation: boolean;
  /** Whether PUT and server-side apply may create. */
  readonly createOnUpdate: boolean;
  /** Whether PUT may leave resourceVersion out. */
  readonly unconditionalUpdate: boolean;
  /** Whether a write to /status may change labels and annotations (built-in kinds: yes). */
  readonly statusKeepsMetadata: boolean;
  /** Whether DELETE answers with the object instead of a Status. */
  readonly deleteReturnsObject: boolean;
  readonly fieldLabels: FieldLabels;
  /** Fills in defaults, and clears what a client may not set. `old` is absent on create. They count as the client's. */
  defaults(next: ApiObject, old: ApiObject | undefined): void;
  /** Then fills in what the server decides: allocations. They belong to nobody in managedFields. */
  prepare(next: ApiObject, old: ApiObject | undefined): void;
  /** Whether another object has taken what `prepare` chose for this one, which was free at the time. */
  collides(next: ApiObject, old: ApiObject | undefined): boolean;
  validate(next: ApiObject, old: ApiObject | undefined): FieldError[];
  /** Fills in defaults below `status`. */
  prepareStatus(next: ApiObject): void;
}

export const DEFAULT_STRATEGY: Strategy = {
  nameRule: dnsSubdomain,
  generation: false,
  createOnUpdate: false,
  unconditionalUpdate: true,
  statusKeepsMetadata: true,
  deleteReturnsObject: false,
  fieldLabels: {},
  defaults: () => undefined,
  prepare: () => undefined,
  collides: () => false,
  validate: () => [],
  prepareStatus: () => undefined,
};
