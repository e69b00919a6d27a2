import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { int64 } from "./types.ts";

const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const CONDITION_TYPE =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/;

/** The standard Kubernetes condition. */
const condition = z.object({
  type: z.string().max(316).regex(CONDITION_TYPE).describe("What the condition is about."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds."),
  reason: z.string().min(1).max(1024).regex(REASON).describe("Why, in one word for programs."),
  message: z.string().max(32_768).describe("Why, for people."),
  lastTransitionTime: z.string().meta({ format: "date-time" }).describe("When the status last changed."),
  observedGeneration: int64({ min: 0 }).describe("The generation of the object that was looked at.").optional(),
});

export const CONFIGURATION_STATE: CrdDefinition = {
  resource: KINDS.ConfigurationState,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "Whether the controller, or the speaker of a node, could use the configuration.",
      columns: [
        { name: "Result", type: "string", jsonPath: ".status.result" },
        { name: "ErrorSummary", type: "string", jsonPath: ".status.errorSummary" },
        { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
      ],
      status: z.object({
        result: z.enum(["Valid", "Invalid", "Unknown"]).describe("The outcome of all conditions.").optional(),
        errorSummary: z.string().describe("All errors, one per line.").optional(),
        conditions: z
          .array(condition)
          .describe("The outcome of each part of the configuration.")
          .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
          .optional(),
      }),
    },
  ],
};
