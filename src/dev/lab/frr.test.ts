import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { findFrr, frrInstance } from "./frr.ts";

const PEERS = [
  { address: "192.0.2.11", local: "192.0.2.1", asn: 64_512, password: "it's", dials: 179 },
  { address: "2001:db8::11", local: "2001:db8::1", asn: 64_513, gtsm: true, holdTime: 30 },
];
const INSTANCE = frrInstance("x7", "/usr/lib/frr", { asn: 64_513, routerId: "192.0.2.1", peers: PEERS });

/** The configuration as a shell would write it. */
function configuration(daemon: string): string {
  const line = INSTANCE.prepare.find((text) => text.startsWith(`cat >/etc/frr/x7/${daemon}.conf`))!;
  return execFileSync("sh", ["-ec", line.replace(/>\S+/, "")], { encoding: "utf8" });
}

describe("frrInstance", () => {
  test("what it writes and listens on has its name, so that other FRRs are not touched", () => {
    expect(INSTANCE.folders).toEqual(["/etc/frr/x7", "/var/run/frr/x7"]);
    for (const line of INSTANCE.prepare) expect(line).toContain("/frr/x7");
    for (const { command } of INSTANCE.daemons)
      expect(command.join(" ")).toContain("-N x7 -A 127.0.0.1 -f /etc/frr/x7/");
    expect(INSTANCE.vtysh("show bgp")).toEqual(["vtysh", "-N", "x7", "-c", "show bgp"]);
  });

  test("zebra starts before bgpd, which asks it for interfaces", () => {
    expect(INSTANCE.daemons.map(({ name }) => name)).toEqual(["zebra", "bgpd"]);
  });

  test.each([
    [PEERS[0]!, ["remote-as 64512", "update-source 192.0.2.1", "port 179", "password it's", "timers 3 9"]],
    [PEERS[1]!, ["remote-as 64513", "update-source 2001:db8::1", "passive", "ttl-security hops 1", "timers 10 30"]],
  ])("peer $address", ({ address }, wanted) => {
    const lines = configuration("bgpd").split("\n");
    for (const option of wanted) expect(lines).toContain(` neighbor ${address} ${option}`);
    expect(lines.filter((line) => line === `  neighbor ${address} activate`)).toHaveLength(2);
  });
});

describe("findFrr", () => {
  test("without vtysh there is none", () => {
    expect(findFrr("/nowhere:/neither")).toBeUndefined();
    expect(findFrr("")).toBeUndefined();
  });
});
