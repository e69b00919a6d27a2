import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { emptyObject, int32, labelSelector } from "./types.ts";

export const l2AdvertisementSpec = z.object({
  ipAddressPools: z.array(z.string()).describe("Names of the pools whose addresses are announced.").optional(),
  ipAddressPoolSelectors: z
    .array(labelSelector)
    .describe("Announces the pools that one of these selects, besides the named ones. Neither: every pool.")
    .optional(),
  nodeSelectors: z
    .array(labelSelector)
    .describe("Only nodes that one of these selects announce. Empty: every node.")
    .optional(),
  interfaces: z
    .array(z.string())
    .describe("Names of the interfaces on which requests are answered. Empty: every interface.")
    .optional(),
  serviceSelectors: z
    .array(labelSelector)
    .describe("Only Services that one of these selects are announced. Empty: every Service of the pools.")
    .optional(),
  preferredNodeSelectors: z
    .array(
      z.object({
        weight: int32({ min: 1, max: 100 }).describe("Added to the score of each node that is selected."),
        preference: labelSelector.describe("The nodes that get the weight."),
      }),
    )
    .describe("Among the nodes that may announce, the one with the highest sum of weights does.")
    .optional(),
  gratuitousInterval: z
    .string()
    .describe(
      "How often the addresses are announced again after a node took them over, as a duration from 10s to 1h; up to " +
        "half of it is added at random. 0s: not again.",
    )
    .optional(),
});

export const L2_ADVERTISEMENT: CrdDefinition = {
  resource: KINDS.L2Advertisement,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "Announces the addresses of pools on the local network, with ARP and NDP.",
      columns: [
        { name: "IPAddressPools", type: "string", jsonPath: ".spec.ipAddressPools" },
        { name: "IPAddressPool Selectors", type: "string", jsonPath: ".spec.ipAddressPoolSelectors" },
        { name: "Interfaces", type: "string", jsonPath: ".spec.interfaces" },
        { name: "Node Selectors", type: "string", jsonPath: ".spec.nodeSelectors", priority: 10 },
      ],
      spec: l2AdvertisementSpec,
      status: emptyObject,
    },
  ],
};
