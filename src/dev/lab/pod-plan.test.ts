import { expect, test } from "vitest";
import { freePodAddresses, podPlan } from "./pod-plan.ts";
import { projectPod } from "../kubelet/pod-spec.ts";
import { NODES } from "./topology.ts";

const NODE = NODES[0]!;

const ADDRESSES = ["10.244.1.2", "fd00:10:244:1::2"];

const POD = projectPod({
  metadata: { name: "web", namespace: "webapp" },
  spec: { nodeName: "node-1", containers: [{ name: "app", ports: [{ containerPort: 8080 }] }] },
  status: { podIPs: ADDRESSES.map((ip) => ({ ip })) },
});

test("a Pod listens on its ports and on those that slices send traffic to, in both families", () => {
  const slice = (address: string): Parameters<typeof podPlan>[1][number] => ({
    service: "webapp/dns",
    ports: [{ name: "dns", protocol: "UDP", port: 5353 }],
    endpoints: [{ address, node: "node-1" }],
  });
  const { addresses, servers } = podPlan([POD], [slice("10.244.1.2"), slice("10.244.1.99")], NODE);
  expect([...addresses]).toEqual(ADDRESSES);
  expect([...servers].map(([name, { identity }]) => [name, identity])).toEqual([
    ["TCP 10.244.1.2:8080", "pod web on node-1, port 8080/TCP"],
    ["UDP 10.244.1.2:5353", "pod web on node-1, port 5353/UDP"],
    ["TCP [fd00:10:244:1::2]:8080", "pod web on node-1, port 8080/TCP"],
  ]);
});

test.each([
  { whose: "the host's", addresses: ["192.168.1.11", "fd00:192:168:1::11"] },
  { whose: "another node's", addresses: ["10.244.2.2", "fd00:10:244:2::2"] },
  { whose: "nobody's", addresses: [] },
])("$whose addresses are not served", ({ addresses }) => {
  const plan = podPlan([{ ...POD, addresses }], [], NODE);
  expect([plan.addresses.size, plan.servers.size]).toEqual([0, 0]);
});

test("a new Pod gets the lowest addresses that are free", () => {
  expect(freePodAddresses(new Set(), NODE)).toEqual(["10.244.1.2", "fd00:10:244:1::2"]);
  expect(freePodAddresses(new Set(["10.244.1.2", "fd00:10:244:1::2", "fd00:10:244:1::3"]), NODE)).toEqual([
    "10.244.1.3",
    "fd00:10:244:1::4",
  ]);
});
