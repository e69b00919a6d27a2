import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { emptyObject, int32 } from "./types.ts";

const interval = (what: string) => int32({ min: 10, max: 60_000 }).describe(`${what}, in milliseconds.`).optional();

export const bfdProfileSpec = z.object({
  receiveInterval: interval("The shortest interval at which we can receive control packets"),
  transmitInterval: interval("The shortest interval at which we want to send control packets"),
  detectMultiplier: int32({ min: 2, max: 255 })
    .describe("How many packets in a row must be lost before the path counts as down.")
    .optional(),
  echoInterval: interval("The shortest interval between echo packets that we can handle"),
  echoMode: z.boolean().describe("Whether to use the echo function (RFC 5880 §6.4).").optional(),
  passiveMode: z.boolean().describe("Whether to wait until the peer starts the session.").optional(),
  minimumTtl: int32({ min: 1, max: 254 })
    .describe("For sessions over several hops: packets that arrive with a smaller TTL are dropped.")
    .optional(),
});

export const BFD_PROFILE: CrdDefinition = {
  resource: KINDS.BFDProfile,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "How a path to a BGP peer is watched with BFD.",
      columns: [
        { name: "Passive Mode", type: "boolean", jsonPath: ".spec.passiveMode" },
        { name: "Transmit Interval", type: "integer", jsonPath: ".spec.transmitInterval" },
        { name: "Receive Interval", type: "integer", jsonPath: ".spec.receiveInterval" },
        { name: "Multiplier", type: "integer", jsonPath: ".spec.detectMultiplier" },
      ],
      spec: bfdProfileSpec,
      status: emptyObject,
    },
  ],
};
