import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { int64, labelSelector } from "./types.ts";

export const ipAddressPoolSpec = z.object({
  addresses: z
    .array(z.string())
    .describe("The pool's addresses: CIDRs (192.168.10.0/24, fd00::/64) and ranges (192.168.10.50-192.168.10.60)."),
  autoAssign: z
    .boolean()
    .default(true)
    .describe("Whether a Service that asks for nothing in particular may get an address from this pool."),
  avoidBuggyIPs: z
    .boolean()
    .default(false)
    .describe("Leave out IPv4 addresses that end in .0 or .255, which some old equipment drops."),
  serviceAllocation: z
    .object({
      priority: z
        .int()
        .describe("Pools with lower values are used first; 0, or none, comes after all others.")
        .optional(),
      namespaces: z.array(z.string()).describe("Only Services in these namespaces may use the pool.").optional(),
      namespaceSelectors: z
        .array(labelSelector)
        .describe("Only Services in namespaces that one of these selects may use the pool.")
        .optional(),
      serviceSelectors: z
        .array(labelSelector)
        .describe("Only Services that one of these selects may use the pool.")
        .optional(),
    })
    .describe("Which Services may use the pool; without it, all.")
    .optional(),
});

const count = (what: string) => int64().describe(`Number of ${what}.`);

export const IP_ADDRESS_POOL: CrdDefinition = {
  resource: KINDS.IPAddressPool,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "A set of addresses that Services of type LoadBalancer can get.",
      columns: [
        { name: "Auto Assign", type: "boolean", jsonPath: ".spec.autoAssign" },
        { name: "Avoid Buggy IPs", type: "boolean", jsonPath: ".spec.avoidBuggyIPs" },
        { name: "Addresses", type: "string", jsonPath: ".spec.addresses" },
      ],
      spec: ipAddressPoolSpec,
      specRequired: true,
      status: z.object({
        assignedIPv4: count("IPv4 addresses in use"),
        assignedIPv6: count("IPv6 addresses in use"),
        availableIPv4: count("IPv4 addresses that are free"),
        availableIPv6: count("IPv6 addresses that are free"),
      }),
    },
  ],
};
