import { describe, expect, test } from "vitest";
import { type ProxiedService, type ProxiedSlice, proxyPlan } from "./plan.ts";

const SERVICE: ProxiedService = {
  addresses: ["192.168.1.200", "fd00::200"],
  ports: [
    { name: "http", protocol: "TCP", port: 80 },
    { name: "dns", protocol: "UDP", port: 53 },
  ],
  localOnly: false,
  affinity: 0,
};

const PORTS = [
  { name: "http", protocol: "TCP", port: 8080 },
  { name: "dns", protocol: "UDP", port: 5353 },
] as const;

const SLICES: ProxiedSlice[] = [
  {
    service: "web/a",
    ports: PORTS,
    endpoints: [
      { address: "10.244.2.2", node: "node-2" },
      { address: "10.244.1.2", node: "node-1" },
    ],
  },
  { service: "web/a", ports: PORTS, endpoints: [{ address: "fd00:10:244:1::2", node: "node-1" }] },
  { service: "web/other", ports: PORTS, endpoints: [{ address: "10.244.3.9", node: "node-3" }] },
];

describe("proxyPlan", () => {
  test("every address and port of a Service goes to endpoints of its family, by the port's name", () => {
    const { addresses, frontends } = proxyPlan(new Map([["web/a", SERVICE]]), SLICES, "node-1");
    expect([...addresses]).toEqual(["192.168.1.200", "fd00::200"]);
    expect([...frontends].map(([id, { backends }]) => [id, backends])).toEqual([
      [
        "TCP 192.168.1.200:80",
        [
          { address: "10.244.1.2", port: 8080 },
          { address: "10.244.2.2", port: 8080 },
        ],
      ],
      [
        "UDP 192.168.1.200:53",
        [
          { address: "10.244.1.2", port: 5353 },
          { address: "10.244.2.2", port: 5353 },
        ],
      ],
      ["TCP [fd00::200]:80", [{ address: "fd00:10:244:1::2", port: 8080 }]],
      ["UDP [fd00::200]:53", [{ address: "fd00:10:244:1::2", port: 5353 }]],
    ]);
  });

  test.each([
    { node: "node-1", v4: ["10.244.1.2"], v6: ["fd00:10:244:1::2"] },
    { node: "node-2", v4: ["10.244.2.2"], v6: [] },
    { node: "node-3", v4: [], v6: [] },
  ])("externalTrafficPolicy Local keeps traffic on $node", ({ node, v4, v6 }) => {
    const { frontends } = proxyPlan(new Map([["web/a", { ...SERVICE, localOnly: true }]]), SLICES, node);
    const addressesOf = (id: string): unknown => frontends.get(id)!.backends.map(({ address }) => address);
    expect(addressesOf("TCP 192.168.1.200:80")).toEqual(v4);
    expect(addressesOf("TCP [fd00::200]:80")).toEqual(v6);
  });

  test("Services that share an address have a frontend each", () => {
    const other = { ...SERVICE, ports: [{ name: "http", protocol: "TCP", port: 8080 }] } as const;
    const { addresses, frontends } = proxyPlan(
      new Map([
        ["web/a", SERVICE],
        ["web/other", other],
      ]),
      SLICES,
      "node-1",
    );
    expect(addresses.size).toBe(2);
    expect(frontends.get("TCP 192.168.1.200:8080")!.backends).toEqual([{ address: "10.244.3.9", port: 8080 }]);
    expect(frontends.size).toBe(6);
  });

  test("a Service without an address needs nothing", () => {
    const plan = proxyPlan(new Map([["web/a", { ...SERVICE, addresses: [] }]]), SLICES, "node-1");
    expect([plan.addresses.size, plan.frontends.size]).toEqual([0, 0]);
  });
});
