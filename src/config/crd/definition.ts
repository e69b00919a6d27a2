import type * as z from "zod";
import type { ResourceType } from "../../ports/kube.ts";

/** One of our kinds: what a CustomResourceDefinition needs to know beyond the generated parts. */
export interface CrdDefinition {
  readonly resource: ResourceType;
  readonly versions: readonly CrdVersion[];
}

export interface CrdVersion {
  readonly name: string;
  /** Exactly one version of a kind is the one that is stored. */
  readonly storage: boolean;
  /** Shown by the API server to whoever uses a version that will go. */
  readonly deprecationWarning?: string;
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  readonly spec?: z.ZodType;
  readonly specRequired?: boolean;
  readonly status: z.ZodType;
}

/** A column of `kubectl get`; `priority` above 0 shows only with `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "boolean" | "integer" | "date";
  readonly jsonPath: string;
  readonly priority?: number;
}
