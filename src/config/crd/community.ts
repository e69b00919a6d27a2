import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { emptyObject } from "./types.ts";

export const communitySpec = z.object({
  communities: z
    .array(
      z.object({
        name: z.string().describe("The alias that BGPAdvertisements use.").optional(),
        value: z.string().describe("The community it stands for: 65000:100 or large:65000:1:2.").optional(),
      }),
    )
    .describe("Aliases for BGP communities.")
    .optional(),
});

export const COMMUNITY: CrdDefinition = {
  resource: KINDS.Community,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "Names for BGP communities.",
      columns: [],
      spec: communitySpec,
      status: emptyObject,
    },
  ],
};
