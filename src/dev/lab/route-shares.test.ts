import { describe, expect, test } from "vitest";
import { routeShares } from "./route-shares.ts";
import { NODES } from "./topology.ts";

const hop = (gateway: string, weight: number): object => ({ gateway, dev: "eth0", weight, flags: [] });
const one = { node: "node-1", percent: 75 };
const two = { node: "node-2", percent: 25 };

describe("routeShares", () => {
  test.each([
    ["IPv4", [{ dst: "203.0.113.10", nexthops: [hop("192.168.1.12", 25), hop("192.168.1.11", 75)] }], [one, two]],
    ["IPv6", [{ dst: "2001:db8::1", nexthops: [hop("fe80::ff:fe00:11", 3), hop("fe80::ff:fe00:12", 1)] }], [one, two]],
    ["global next hops", [{ nexthops: [hop("fd00:192:168:1::11", 3), hop("fd00:192:168:1::12", 1)] }], [one, two]],
    ["one next hop", [{ dst: "203.0.113.10", gateway: "192.168.1.13" }], [{ node: "node-3", percent: 100 }]],
    ["a stranger", [{ nexthops: [hop("192.168.1.11", 3), hop("192.168.1.99", 1)] }], [one]],
    ["no gateway", [{ dst: "192.168.1.0/24", dev: "eth0" }], []],
    ["no route", [], []],
  ])("%s", (_, routes, shares) => {
    expect(routeShares(JSON.stringify(routes), NODES)).toEqual(shares);
  });

  test("ip prints nothing when there is no IPv6 route", () => {
    expect(routeShares("", NODES)).toEqual([]);
  });
});
