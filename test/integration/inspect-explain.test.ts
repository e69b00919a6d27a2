import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type InspectLab, startInspectLab } from "../support/inspect-lab.ts";

const KEY = { "metallb.io/allow-shared-ip": "webapp" };

let lab: InspectLab;
beforeEach(async () => {
  lab = await startInspectLab();
});
afterEach(() => lab.close());

async function sharedPorts(): Promise<void> {
  await lab.pool("gold", ["192.168.1.200-192.168.1.210"]);
  for (const [name, port] of [
    ["web-http", "TCP/80"],
    ["web-https", "TCP/443"],
    ["web-other", "TCP/80"],
  ] as const)
    await lab.service({ name, ports: [port], annotations: { ...KEY, "metallb.io/loadBalancerIPs": "192.168.1.200" } });
}

test("with a controller at work: the same reason as in the Service's status, and the events", async () => {
  await sharedPorts();
  await lab.controller();
  const explain = () => lab.json("explain", "service", "default/web-other");
  await expect.poll(async () => (await explain()).events.length, { timeout: 10_000 }).toBeGreaterThan(0);
  const { decision, shown, differences, pools, events } = await explain();
  expect(decision.refusal).toMatchObject({ code: "port-conflict", otherService: "default/web-http" });
  expect(shown.condition).toMatchObject({ status: "False", reason: decision.refusal.reason });
  expect(shown.condition.message).toBe(`${decision.refusal.explanation}; ${decision.refusal.fix}`);
  expect(differences).toEqual([]);
  expect(pools).toMatchObject([{ pool: "gold", verdict: "refused", IPv4: { inUse: "1", total: "11" } }]);
  expect(events).toMatchObject([{ type: "Warning", reason: "AllocationFailed", source: "metallb-controller" }]);

  const shares = await lab.json("explain", "svc", "web-https");
  expect(shares.decision.addresses).toMatchObject([
    { address: "192.168.1.200", pool: "gold", sharedWith: [{ service: "default/web-http", ports: ["TCP/80"] }] },
  ]);
});

test("without a controller: the decision, that it isn't in force, and nothing is written", async () => {
  await sharedPorts();
  const before = lab.writes;
  const { code, out, err } = await lab.spawn("explain", "service", "web-http", "-n", "default");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain(
    "default/web-http should have 192.168.1.200 from pool gold, shared with 1 other Service; its status",
  );
  expect(out).toContain("there is no Lease metallb-controller");
  expect(lab.writes).toBe(before);
  const reads = Object.entries(lab.server.requestCounts).filter(([key]) => key.startsWith("list "));
  expect(Object.fromEntries(reads)).toEqual({
    "list services": 1,
    "list ipaddresspools.metallb.io": 1,
    "list bgpadvertisements.metallb.io": 1,
    "list namespaces": 1,
    "list events": 1,
    "list configurationstates.metallb.io": 1,
    "list nodes": 1,
    "list l2advertisements.metallb.io": 1,
    "list endpointslices.discovery.k8s.io": 1,
    "list servicel2statuses.metallb.io": 1,
    "list pods": 1,
  });
});

test("what isn't needed and can't be read is missed, with a note", async () => {
  await sharedPorts();
  lab.server.testing.failNext(({ resource }) => resource === "events", 403, "Forbidden");
  const { summary, notes } = await lab.json("explain", "service", "web-http");
  expect(summary).toContain("192.168.1.200");
  expect(notes).toContainEqual(expect.stringMatching(/^not read: events: .*docs\/inspect\.md/));
});

test("who announces it on layer 2: what speakers say, and whom the speakers' code elects", async () => {
  await lab.pool("gold", ["10.0.0.6/32", "fd00::6/128"]);
  await lab.service({ name: "web", annotations: { "metallb.io/address-pool": "gold" } });
  await lab.service({ name: "other", families: ["IPv6"] });
  await lab.layer2({
    nodes: { a: {}, b: {}, c: { speaker: false }, d: { networkUnavailable: true } },
    endpoints: { "default/web": ["a"], "default/other": [] },
    statuses: { "default/web": { a: ["eth0"] }, "default/other": { b: [] } },
  });
  await lab.show("web", ["10.0.0.6"]);
  const { layer2, notes } = await lab.json("explain", "service", "web");
  expect(notes).toEqual([]);
  expect(layer2).toMatchObject({
    summary: "a announces it; b should",
    expectedOwner: "b",
    aliveFrom: "ready-speakers",
    owners: [{ node: "a", interfaces: ["eth0"] }],
    nodes: [
      { node: "b", code: "owner", interfaces: "all" },
      { node: "a", code: "notOwner", endpoint: true },
      { node: "c", code: "nodeNotAlive", speaker: "not-ready" },
      { node: "d", code: "nodeNetworkUnavailable" },
    ],
  });
  expect(layer2.differences).toHaveLength(2);
  const { out } = await lab.run("explain", "service", "web");
  expect(out).toContain("On layer 2: a announces it; b should.");
});

test.each(["nodes", "l2advertisements.metallb.io", "endpointslices.discovery.k8s.io"])(
  "%s can't be read: layer 2 is not explained, the rest is",
  async (missing) => {
    await sharedPorts();
    lab.server.testing.failNext(({ resource }) => resource === missing, 403, "Forbidden");
    const { summary, notes, layer2 } = await lab.json("explain", "service", "web-http");
    expect(summary).toContain("192.168.1.200");
    expect(notes).toContainEqual(expect.stringMatching(`^not read: ${missing.split(".")[0]}: .*docs/inspect\\.md`));
    expect(layer2).toBeUndefined();
  },
);

test.each([
  { args: ["web-htp"], err: "there is no Service default/web-htp; did you mean default/web-http?" },
  { args: ["shop/web-http"], err: "there is no Service shop/web-http; there is default/web-http" },
])("$args: exit code 1 and what may be meant", async ({ args, err }) => {
  await sharedPorts();
  expect(await lab.run("explain", "service", ...args)).toEqual({ code: 1, out: "", err: `metallb explain: ${err}\n` });
});

test("what is needed and can't be read is named, with the permission", async () => {
  lab.server.testing.failNext(({ resource }) => resource === "ipaddresspools.metallb.io", 403, "Forbidden");
  const { code, err } = await lab.run("explain", "service", "web");
  expect(code).toBe(1);
  expect(err).toMatch(
    /^metallb explain: can't list ipaddresspools\.metallb\.io in namespace metallb-system: .*docs\/inspect\.md/,
  );
});

test("no cluster to ask", async () => {
  const { code, err } = await lab.run("explain", "service", "web", "--kubeconfig", "nowhere");
  expect(code).toBe(1);
  expect(err).toMatch(/^metallb explain: --kubeconfig nowhere: .*\n$/);
});

test("on a terminal there are colours and short lines, in a pipe neither", async () => {
  await sharedPorts();
  const args = ["explain", "service", "default/web-other"] as const;
  const { out: screen } = await lab.runOn({ columns: 60 }, ...args);
  const { out: pipe } = await lab.run(...args);
  const plain = stripVTControlCharacters(screen);
  expect(screen).not.toBe(plain);
  expect(Math.max(...plain.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(stripVTControlCharacters(pipe)).toBe(pipe);
  expect(Math.max(...pipe.split("\n").map((line) => line.length))).toBeGreaterThan(60);
});

test("a name that is none: exit code 2", async () => {
  const { code, err } = await lab.run("explain", "service", "service/default/web");
  expect({ code, err }).toEqual({
    code: 2,
    err: 'metallb explain: "service/default/web" is not NAMESPACE/NAME or NAME\n',
  });
});
