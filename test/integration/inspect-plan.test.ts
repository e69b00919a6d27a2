import { afterEach, beforeEach, expect, test } from "vitest";
import { poolObject } from "../support/cluster-snapshot.ts";
import { type InspectLab, startInspectLab } from "../support/inspect-lab.ts";

let lab: InspectLab;
beforeEach(async () => {
  lab = await startInspectLab();
  await lab.pool("gold", ["192.168.10.0/29", "fd00:10::/125"]);
  await lab.service({ name: "v4", annotations: { "metallb.io/loadBalancerIPs": "192.168.10.5" } });
  await lab.service({ name: "late", annotations: { "metallb.io/address-pool": "new" } });
});
afterEach(() => lab.close());

/** Path of a file with one pool. */
function poolFile(name: string, addresses: readonly string[]): string {
  return lab.file(`${name}.json`, JSON.stringify(poolObject(name, addresses)));
}

test("who would lose, who would gain: exit code 3, and nothing is written", async () => {
  const before = lab.writes;
  const files = ["-f", poolFile("gold", ["192.168.10.0/30"]), poolFile("new", ["192.168.11.0/24"])];
  const { code, out, err } = await lab.run("plan", ...files);
  expect({ code, err }).toEqual({ code: 3, err: "" });
  expect(out).toContain("1 Service would lose an address, 1 Service would gain an address.");
  expect(out).toMatch(/loses +default\/v4 +192\.168\.10\.5 \(gold\) +none +192\.168\.10\.5 is in no IPAddressPool/);
  expect(out).toMatch(/gains +default\/late +none +192\.168\.11\.0 \(new\)/);
  expect(out).toMatch(/gold +1\/8 v4, 0\/8 v6 +0\/4 v4/);
  expect(lab.writes).toBe(before);

  const report = await lab.json("plan", ...files);
  expect(report).toMatchObject({
    valid: true,
    disruptive: true,
    objects: [{ change: "changed" }, { change: "added" }],
    services: [{ change: "lose", why: [{ code: "address-outside-pools" }] }, { change: "gain" }],
  });
});

test.each([
  {
    what: "a gain alone",
    args: () => ["-f", poolFile("new", ["192.168.11.0/24"])],
    code: 0,
    out: "would gain an address",
  },
  {
    what: "no change",
    args: () => ["-f", poolFile("gold", ["192.168.10.0/29", "fd00:10::/125"])],
    code: 0,
    out: "nothing changes",
  },
  { what: "another controller's work", args: () => ["--takeover"], code: 0, out: "1 Service would gain an address" },
  { what: "a pool deleted", args: () => ["--delete", "gold"], code: 3, out: "1 Service would lose an address" },
  {
    what: "overlap with the cluster",
    args: () => ["-f", poolFile("new", ["fd00:10::/126"])],
    code: 1,
    out: 'new.json:1: error: IPAddressPool metallb-system/new: spec.addresses[0]: "fd00:10::/126" overlaps with already defined CIDR "fd00:10::/125"',
  },
])("$what: exit code $code", async ({ args, code, out }) => {
  const result = await lab.run("plan", ...args());
  expect(result).toMatchObject({ code, err: "" });
  expect(result.out).toContain(out);
});

test.each([
  { args: [], err: "give -f FILE, --delete NAME or --takeover; metallb plan --help shows examples" },
  { args: ["--delete", "glod"], err: "there is no IPAddressPool glod to delete; did you mean gold?" },
  { args: ["-f", "/nowhere"], err: "/nowhere: no such file or folder" },
])("$args: exit code 2", async ({ args, err }) => {
  expect(await lab.run("plan", ...args)).toEqual({ code: 2, out: "", err: `metallb plan: ${err}\n` });
});

test("kinds that can't be read are noted", async () => {
  lab.server.testing.failNext(({ resource }) => resource === "bgppeers.metallb.io", 403, "Forbidden");
  const { notes } = await lab.json("plan", "-f", poolFile("new", ["192.168.11.0/24"]));
  expect(notes).toContainEqual(expect.stringMatching(/^not read: bgppeers: .*docs\/inspect\.md/));
});
