import type { Route, RouteAttributes } from "../../../src/bgp/rib/route.ts";
import { NO_ATTRIBUTES } from "../../support/bgp-routes.ts";
import { type IpAddress, parseAddress } from "../../../src/ip/address.ts";

const FIRST = { IPv4: parseAddress("10.128.0.0")!, IPv6: parseAddress("fd00:128::")! };

/** "64512:100" is 64512 in the upper 16 bits. */
const community = (value: number): number => 64_512 * 65_536 + value;

/** What a cluster's pools say: most nothing but communities. All of it passes unchanged through a router in between. */
const ATTRIBUTE_SETS: readonly RouteAttributes[] = [
  NO_ATTRIBUTES,
  { ...NO_ATTRIBUTES, communities: [community(100)] },
  { ...NO_ATTRIBUTES, communities: [community(100), community(300)] },
  { ...NO_ATTRIBUTES, largeCommunities: [[64_512, 1, 2]] },
  { ...NO_ATTRIBUTES, communities: [community(200)], largeCommunities: [[64_512, 1, 3]] },
];

/** Half of them IPv4 /32, half IPv6 /128; neighbours differ in their attributes. */
export function routeTable(prefixes: number): readonly Route[] {
  return Array.from({ length: prefixes }, (_, i): Route => {
    const family = i % 2 === 0 ? "IPv4" : "IPv6";
    const address = (FIRST[family] + BigInt(i >> 1)) as IpAddress;
    const attributes = ATTRIBUTE_SETS[(i >> 1) % ATTRIBUTE_SETS.length]!;
    return { prefix: { address, length: family === "IPv4" ? 32 : 128 }, attributes };
  });
}
