import { afterEach, beforeEach, expect, test } from "vitest";
import { type InspectLab, startInspectLab } from "../support/inspect-lab.ts";

let lab: InspectLab;
beforeEach(async () => {
  lab = await startInspectLab();
});
afterEach(() => lab.close());

async function cluster(): Promise<void> {
  await lab.pool("gold", ["10.0.0.0/24", "fd00::/120"]);
  await lab.service({ name: "web", families: ["IPv4", "IPv6"] });
  await lab.service({ name: "db" });
  await lab.layer2({
    nodes: { a: {}, b: { speaker: false } },
    endpoints: { "default/web": ["a"], "default/db": [] },
    statuses: { "default/web": { a: ["eth0"] } },
  });
  await lab.show("web", ["10.0.0.1", "fd00::1"]);
  await lab.show("db", ["10.0.0.2"]);
}

test("who announces each address of a cluster, with one list of each kind", async () => {
  await cluster();
  const before = { ...lab.server.requestCounts };
  const { summary, addresses, leftOver, notes } = await lab.json("owners", "--no-live");
  expect({ summary, leftOver, notes }).toEqual({
    summary: "3 addresses: 2 announced on layer 2, 1 by nobody",
    leftOver: [],
    notes: [],
  });
  const owned = { services: ["default/web"], owners: [{ node: "a", interfaces: ["eth0"] }], problems: [] };
  expect(addresses).toMatchObject([
    { address: "10.0.0.1", family: "IPv4", pool: "gold", ...owned },
    { address: "10.0.0.2", services: ["default/db"], owners: [], problems: [{ code: "noEndpoints" }] },
    { address: "fd00::1", family: "IPv6", pool: "gold", ...owned },
  ]);
  const requests = Object.entries(lab.server.requestCounts).filter(([key, count]) => count !== (before[key] ?? 0));
  expect(Object.fromEntries(requests)).toEqual({
    "list services": 1,
    "list namespaces": 1,
    "list nodes": 1,
    "list pods": 1,
    "list endpointslices.discovery.k8s.io": 1,
    "list ipaddresspools.metallb.io": 1,
    "list l2advertisements.metallb.io": 1,
    "list servicel2statuses.metallb.io": 1,
  });
});

test("as a process of its own, in a pipe", async () => {
  await cluster();
  const { code, out, err } = await lab.spawn("owners");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^ {2}10\.0\.0\.1 +default\/web +a +eth0$/m);
  expect(out).toMatch(/^ {2}10\.0\.0\.2 +default\/db +nobody +none of its endpoints is ready \(noEndpoints\)$/m);
});

test("without speaker Pods in sight there is a note, and every node counts", async () => {
  await lab.pool("gold", ["10.0.0.0/24"]);
  await lab.service({ name: "web" });
  await lab.layer2({ nodes: { a: { speaker: "none" } }, endpoints: { "default/web": ["a"] } });
  await lab.show("web", ["10.0.0.1"]);
  const { addresses, notes } = await lab.json("owners");
  expect(addresses[0].problems).toMatchObject([{ code: "notAnnounced" }]);
  expect(notes).toEqual([expect.stringContaining("no speaker Pods found in namespace metallb-system")]);
});

test.each(["nodes", "servicel2statuses.metallb.io", "services"])("%s can't be read: exit code 1", async (missing) => {
  lab.server.testing.failNext(({ resource }) => resource === missing, 403, "Forbidden");
  const { code, out, err } = await lab.run("owners");
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(`metallb owners: `);
  expect(err).toContain(`${missing.split(".")[0]}`);
  expect(err).toContain("docs/inspect.md lists the permissions");
});
