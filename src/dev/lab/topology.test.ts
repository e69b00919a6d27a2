import { describe, expect, test } from "vitest";
import { yamlBlocks } from "../../../test/support/seeds.ts";
import { WEB_APPLICATION } from "./manifests/web-application.ts";
import { NODES, podAddress, REMOTE, ROUTER, routerScript, STATIONS, SWITCH, topologyScript } from "./topology.ts";

describe("topology", () => {
  test("names, addresses and MAC addresses are unique", () => {
    const stations = [...STATIONS, ROUTER, REMOTE];
    for (const key of ["name", "mac", "ipv4", "ipv6"] as const) {
      expect(new Set(stations.map((station) => station[key])).size).toBe(stations.length);
    }
  });

  test("every command that changes the network names a namespace, so that none can touch the host's", () => {
    for (const line of [...topologyScript(), ...routerScript(NODES)]) {
      expect(line).toMatch(
        /^ip (netns (add|exec) \S+|-n \S+ |link add \S+ netns \S+ type veth peer name eth0 .* netns \S+$)/,
      );
    }
  });

  test("no station has an address that the manifests hand out", () => {
    const pool = /192\.168\.1\.(\d+)-192\.168\.1\.(\d+)/.exec(WEB_APPLICATION)!;
    for (const { ipv4 } of [...STATIONS, ROUTER, SWITCH]) {
      const host = Number(ipv4.split(".")[3]);
      expect(host >= Number(pool[1]) && host <= Number(pool[2])).toBe(false);
    }
  });

  test("the link-local address is the one that the kernel makes of the MAC address", () => {
    expect(NODES[0]).toMatchObject({ mac: "02:00:00:00:00:11", linkLocal: "fe80::ff:fe00:11" });
    expect(ROUTER).toMatchObject({ mac: "02:00:00:00:00:01", linkLocal: "fe80::ff:fe00:1" });
  });

  test.each([
    { cidr: "10.244.1.0/24", n: 1, address: "10.244.1.2" },
    { cidr: "10.244.3.0/24", n: 20, address: "10.244.3.21" },
    { cidr: "fd00:10:244:1::/64", n: 1, address: "fd00:10:244:1::2" },
    { cidr: "fd00:10:244:1::/64", n: 20, address: "fd00:10:244:1::15" },
  ])("pod $n of $cidr has $address", ({ cidr, n, address }) => {
    expect(podAddress(cidr, n)).toBe(address);
  });
});

test("the demo applies the guide's complete example word for word", () => {
  expect(WEB_APPLICATION).toBe(yamlBlocks("sharing-guide.md").at(-1));
});
