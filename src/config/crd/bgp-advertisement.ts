import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { celRules, emptyObject, int32, int64, labelSelector } from "./types.ts";

const NO_AGGREGATION_WITH_SELECTORS =
  "!has(self.serviceSelectors) || self.serviceSelectors.size() == 0 || " +
  "((!has(self.aggregationLength) || self.aggregationLength == 32) && " +
  "(!has(self.aggregationLengthV6) || self.aggregationLengthV6 == 128))";

export const SELECTORS_FORBID_AGGREGATION =
  "serviceSelectors and aggregationLength are mutually exclusive: a combined prefix cannot be limited to some Services";

export const bgpAdvertisementSpec = z
  .object({
    aggregationLength: int32({ min: 1 })
      .default(32)
      .describe("Length of the IPv4 prefixes that addresses are combined into."),
    aggregationLengthV6: int32().default(128).describe("Length of the IPv6 prefixes that addresses are combined into."),
    localPref: int32().describe("LOCAL_PREF of the routes, for peers in our own autonomous system.").optional(),
    communities: z
      .array(z.string())
      .describe("BGP communities of the routes: 65000:100, large:65000:1:2, or an alias from a Community.")
      .optional(),
    ipAddressPools: z.array(z.string()).describe("Names of the pools whose addresses are announced.").optional(),
    ipAddressPoolSelectors: z
      .array(labelSelector)
      .describe("Announces the pools that one of these selects, besides the named ones. Neither: every pool.")
      .optional(),
    nodeSelectors: z
      .array(labelSelector)
      .describe("Only nodes that one of these selects announce. Empty: every node.")
      .optional(),
    peers: z.array(z.string()).describe("Names of the BGPPeers to announce to. Empty: every peer.").optional(),
    serviceSelectors: z
      .array(labelSelector)
      .describe("Only Services that one of these selects are announced. Not together with aggregation.")
      .optional(),
    med: int64({ min: 0, max: 4_294_967_295 })
      .describe("MULTI_EXIT_DISC of the routes: of several entries into our network, routers prefer the lowest.")
      .optional(),
    asPathPrepend: int32({ min: 0, max: 16 })
      .describe("How many times more than once our AS number is in the path, to make it longer. For external peers.")
      .optional(),
    extendedCommunities: z
      .array(z.string())
      .describe("Extended communities of the routes: rt:65000:100, soo:192.0.2.1:7, or 8 bytes as 0x0002fde800000064.")
      .optional(),
    ipFamilies: z
      .array(z.enum(["IPv4", "IPv6"]))
      .describe("Announces only addresses of these families. Empty: of both.")
      .optional(),
    weightByEndpoints: z
      .boolean()
      .describe(
        "Tells routers how many ready endpoints of a Service this node has (link bandwidth extended community), for " +
          "weighted ECMP. For Services with externalTrafficPolicy Local.",
      )
      .optional(),
  })
  .meta(celRules({ rule: NO_AGGREGATION_WITH_SELECTORS, message: SELECTORS_FORBID_AGGREGATION }));

export const BGP_ADVERTISEMENT: CrdDefinition = {
  resource: KINDS.BGPAdvertisement,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "Announces the addresses of pools to routers, with BGP.",
      columns: [
        { name: "IPAddressPools", type: "string", jsonPath: ".spec.ipAddressPools" },
        { name: "IPAddressPool Selectors", type: "string", jsonPath: ".spec.ipAddressPoolSelectors" },
        { name: "Peers", type: "string", jsonPath: ".spec.peers" },
        { name: "Node Selectors", type: "string", jsonPath: ".spec.nodeSelectors", priority: 10 },
      ],
      spec: bgpAdvertisementSpec,
      status: emptyObject,
    },
  ],
};
