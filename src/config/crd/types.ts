/** Building blocks of the kinds' schemas. What zod has no word for goes into metadata under its OpenAPI name. */
import * as z from "zod";

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function bounded({ min, max }: Bounds): z.ZodInt {
  const low = min === undefined ? z.int() : z.int().min(min);
  return max === undefined ? low : low.max(max);
}

export function int32(bounds: Bounds = {}): z.ZodInt {
  return bounded(bounds).meta({ format: "int32" });
}

export function int64(bounds: Bounds = {}): z.ZodInt {
  return bounded(bounds).meta({ format: "int64" });
}

/** An autonomous system number (RFC 6793). */
export function asNumber(min: 0 | 1): z.ZodInt {
  return int64({ min, max: 4_294_967_295 });
}

export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Metadata for rules that the API server evaluates; `parse` does not. */
export function celRules(...rules: readonly CelRule[]): Readonly<Record<string, unknown>> {
  return { "x-kubernetes-validations": rules };
}

/** A status field that keeps its first value. */
export function writtenOnce(field: string): z.ZodString {
  return z.string().meta(celRules({ rule: "self == oldSelf", message: `${field} cannot change once it is set` }));
}

const labelRequirement = z.object({
  key: z.string().describe("The label's key."),
  operator: z.string().describe("How the label is compared: In, NotIn, Exists or DoesNotExist."),
  values: z
    .array(z.string())
    .describe("What the label is compared with: at least one value for In and NotIn, none otherwise.")
    .meta({ "x-kubernetes-list-type": "atomic" })
    .optional(),
});

/** The standard Kubernetes label selector. */
export const labelSelector = z
  .object({
    matchLabels: z
      .record(z.string(), z.string())
      .describe("Labels that must be there with exactly these values.")
      .optional(),
    matchExpressions: z
      .array(labelRequirement)
      .describe("Further conditions; all of them must hold.")
      .meta({ "x-kubernetes-list-type": "atomic" })
      .optional(),
  })
  .describe("Selects objects by label; an empty selector selects all.")
  .meta({ "x-kubernetes-map-type": "atomic" });

export type RawLabelSelector = z.infer<typeof labelSelector>;

export const emptyObject = z.object({});
