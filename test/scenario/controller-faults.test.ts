import { describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { ControllerLab } from "../support/controller-lab.ts";
import { kubeError, type RecordedRequest } from "../support/recording-kube.ts";

const ANNOTATION = "metallb.io/ip-allocated-from-pool";

/** A lab with a /24, a pair of dual-stack ranges and three Services that have their addresses. */
async function running(): Promise<ControllerLab> {
  const lab = new ControllerLab();
  lab.pool("p", { addresses: ["10.0.0.0/29", "fd00::/125"] });
  await lab.start();
  lab.service("v4");
  lab.service("v6", { families: ["IPv6"] });
  lab.service("dual", { families: ["IPv6", "IPv4"], policy: "RequireDualStack" });
  await lab.quiet();
  return lab;
}

const NAMES = ["v4", "v6", "dual"];
const isServiceWrite = ({ verb, resource }: Pick<RecordedRequest, "verb" | "resource">) =>
  verb === "patch" && resource.kind === "Service";

function everythingShown(lab: ControllerLab) {
  return NAMES.map((name) => lab.ips(name));
}

const WANT = [["10.0.0.0"], ["fd00::"], ["fd00::1", "10.0.0.1"]];

describe("restart", () => {
  test("nothing moves, nothing is written, nothing is said", async () => {
    const lab = await running();
    expect(everythingShown(lab)).toEqual(WANT);
    lab.service("waits", { spec: { loadBalancerIP: "10.0.0.1" } });
    await lab.quiet();
    await lab.stop();
    const before = [lab.kube.requests.length, lab.kube.events.length];
    await lab.start();
    await lab.pass(seconds(3600));
    expect([lab.kube.requests.length, lab.kube.events.length]).toEqual(before);
    expect(everythingShown(lab)).toEqual(WANT);
  });

  test("Services that have an address claim it before those that have none, whatever their age", async () => {
    const lab = new ControllerLab();
    lab.pool("p", { addresses: ["10.0.0.1-10.0.0.2"] });
    lab.service("pending", { age: 0 });
    lab.service("second", { age: 2, status: { loadBalancer: { ingress: [{ ip: "10.0.0.1", ipMode: "VIP" }] } } });
    lab.edit("second", { metadata: { annotations: { [ANNOTATION]: "p" } } });
    await lab.start();
    expect([lab.ips("pending"), lab.ips("second")]).toEqual([["10.0.0.2"], ["10.0.0.1"]]);
    expect(lab.serviceWrites).toBe(1);
  });

  test.each([
    { name: "text that is no address", ingress: [{ ip: "nonsense" }] },
    { name: "a host name", ingress: [{ hostname: "lb.example" }] },
    { name: "an address of no pool", ingress: [{ ip: "172.16.0.1" }] },
    { name: "an address of the wrong family", ingress: [{ ip: "fd00::" }] },
    { name: "two addresses of a family", ingress: [{ ip: "10.0.0.0" }, { ip: "10.0.0.1" }] },
  ])("$name in the status is mended", async ({ ingress }) => {
    const lab = new ControllerLab();
    lab.pool("p", { addresses: ["10.0.0.0/29", "fd00::/125"] });
    lab.service("s", { status: { loadBalancer: { ingress } } });
    await lab.start();
    expect(lab.shown("s")).toEqual({ ips: ["10.0.0.0"], pool: "p", condition: "True Allocated" });
  });
});

describe("the API server fails", () => {
  test("a conflict is tried again, and what was to be told is told once", async () => {
    const lab = await running();
    lab.kube.fail(kubeError(409, "Conflict"), 3, isServiceWrite);
    lab.service("t");
    await lab.quiet();
    expect(lab.ips("t")).toEqual(["10.0.0.2"]);
    expect(lab.events("t")).toEqual(['Normal IPAllocated Assigned IP ["10.0.0.2"]']);
  });

  test("a write made from an old version is refused and repeated", async () => {
    const lab = await running();
    lab.kube.pauseWatches();
    lab.edit("v4", { metadata: { labels: { changed: "behind the controller's back" } } });
    lab.annotate("v4", { "metallb.io/loadBalancerIPs": "10.0.0.5" });
    await lab.quiet();
    lab.kube.resumeWatches();
    await lab.quiet();
    expect(lab.ips("v4")).toEqual(["10.0.0.5"]);
    expect(lab.view("v4").labels).toEqual({ changed: "behind the controller's back" });
  });

  test.each([
    { name: "500 for ten minutes", error: kubeError(500, "InternalError"), requests: 60 },
    { name: "no answer for ten minutes", error: kubeError(0, "ECONNREFUSED"), requests: 60 },
    {
      name: "429 with Retry-After",
      error: { ...kubeError(429, "TooManyRequests"), retryAfter: seconds(60) },
      requests: 12,
    },
  ])("$name: no hot loop, one log line, then all is written once", async ({ error, requests }) => {
    const lab = await running();
    const before = lab.serviceWrites;
    let failing = true;
    lab.kube.fail(error, Number.POSITIVE_INFINITY, (request) => failing && isServiceWrite(request));
    lab.service("s");
    await lab.pass(seconds(600));
    expect(lab.serviceWrites - before).toBeGreaterThan(2);
    expect(lab.serviceWrites - before).toBeLessThan(requests);
    expect(lab.log.messages("warn")).toEqual(["writing the status failed; retrying"]);
    expect(lab.events("s")).toEqual([]);
    failing = false;
    await lab.pass(seconds(61));
    expect(lab.ips("s")).toEqual(["10.0.0.2"]);
    expect(lab.events("s")).toEqual(['Normal IPAllocated Assigned IP ["10.0.0.2"]']);
  });

  test("a missing permission is told to the owner of the Service, once, until it is mended", async () => {
    const lab = await running();
    const message = 'services "s" is forbidden: User "u" cannot patch resource "services/status"';
    let failing = true;
    lab.kube.fail(kubeError(403, "Forbidden", message), Number.POSITIVE_INFINITY, (r) => failing && isServiceWrite(r));
    lab.service("s");
    await lab.pass(seconds(600));
    expect(lab.events("s")).toEqual([
      `Warning StatusNotWritten the status can't be written, so the decision is not visible and not in force: ${message}`,
    ]);
    failing = false;
    await lab.pass(seconds(61));
    expect(lab.ips("s")).toEqual(["10.0.0.2"]);
    expect(lab.events("s").slice(1)).toEqual(['Normal IPAllocated Assigned IP ["10.0.0.2"]']);
  });

  test("a Service that is gone when its status is written is forgotten", async () => {
    const lab = await running();
    lab.kube.pauseWatches();
    lab.service("s");
    lab.remove("s");
    lab.kube.resumeWatches();
    await lab.quiet();
    lab.service("t");
    await lab.quiet();
    expect(lab.ips("t")).toEqual(["10.0.0.2"]);
    expect(lab.log.messages("warn")).toEqual([]);
  });

  test("many Services are written once each, with an address of their own", async () => {
    const lab = new ControllerLab();
    lab.pool("p", { addresses: ["10.0.0.0/16"] });
    for (let i = 0; i < 500; i++) lab.service(`s${i}`);
    await lab.start();
    await lab.quiet();
    expect(lab.serviceWrites).toBe(500);
    expect(new Set(lab.kube.objects(KINDS.Service).map((object) => lab.ips(object.metadata.name)[0])).size).toBe(500);
  });
});

describe("configuration", () => {
  test("before pools, Services and Namespaces are read, nothing is done", async () => {
    const lab = new ControllerLab();
    lab.service("s");
    lab.kube.pauseWatches();
    const controller = await lab.start();
    expect(controller.unread).toEqual(["Service", "IPAddressPool", "Community", "Namespace"]);
    expect(lab.kube.requests).toEqual([]);
    lab.pool("p", { addresses: ["10.0.0.1/32"] });
    lab.kube.resumeWatches();
    await lab.quiet();
    expect(controller.unread).toEqual([]);
    expect(lab.ips("s")).toEqual(["10.0.0.1"]);
  });

  test("pools that never were valid leave Services alone", async () => {
    const lab = new ControllerLab();
    lab.pool("p", { addresses: ["10.0.0.1"] });
    lab.service("s", { status: { loadBalancer: { ingress: [{ ip: "10.0.0.9" }] } } });
    await lab.start();
    expect(lab.ips("s")).toEqual(["10.0.0.9"]);
    expect(lab.serviceWrites).toBe(0);
    expect(lab.log.messages("error")).toEqual([
      expect.stringMatching(/^invalid configuration; Services are left alone .*spec\.addresses\[0\]/),
    ]);
    expect(lab.metrics.values.get("metallb_k8s_client_config_stale_bool")).toBe(1);
  });

  test("an invalid pool leaves the last good configuration in force, and is complained about once", async () => {
    const lab = await running();
    lab.pool("q", { addresses: ["10.0.0.4/30"] });
    await lab.quiet();
    lab.namespace("more");
    await lab.quiet();
    expect(everythingShown(lab)).toEqual(WANT);
    expect(lab.log.messages("error")).toEqual([expect.stringContaining("overlaps")]);
    lab.service("s");
    await lab.quiet();
    expect(lab.ips("s")).toEqual(["10.0.0.2"]);
    lab.removePool("q");
    await lab.quiet();
    expect(lab.metrics.values.get("metallb_k8s_client_config_stale_bool")).toBe(0);
  });

  test.each([
    { name: "grown", spec: { p: ["10.0.0.0/24", "fd00::/64"] }, want: WANT, pools: ["p", "p", "p"] },
    {
      name: "shrunk around what is in use",
      spec: { p: ["10.0.0.0/31", "fd00::/127"] },
      want: WANT,
      pools: ["p", "p", "p"],
    },
    { name: "renamed", spec: { r: ["10.0.0.0/29", "fd00::/125"] }, want: WANT, pools: ["r", "r", "r"] },
    {
      name: "split by family: the pair moves where there is one",
      spec: { four: ["10.0.0.0/29"], six: ["fd00::/125"], two: ["10.1.0.1/32", "fd00:1::1/128"] },
      want: [["10.0.0.0"], ["fd00::"], ["fd00:1::1", "10.1.0.1"]],
      pools: ["four", "six", "two"],
    },
    {
      name: "replaced",
      spec: { r: ["10.1.0.1-10.1.0.9", "fd00:1::1-fd00:1::9"] },
      want: [["10.1.0.1"], ["fd00:1::1"], ["fd00:1::2", "10.1.0.2"]],
      pools: ["r", "r", "r"],
    },
    { name: "removed", spec: {}, want: [[], [], []], pools: [undefined, undefined, undefined] },
  ])("a pool is $name", async ({ spec, want, pools }) => {
    const lab = await running();
    lab.kube.pauseWatches();
    if (!("p" in spec)) lab.removePool("p");
    for (const [name, addresses] of Object.entries(spec)) lab.pool(name, { addresses });
    lab.kube.resumeWatches();
    await lab.quiet();
    expect(everythingShown(lab)).toEqual(want);
    expect(NAMES.map((name) => lab.shown(name).pool)).toEqual(pools);
    const moved = JSON.stringify(want) !== JSON.stringify(WANT);
    expect(lab.events("dual").some((event) => event.startsWith("Normal ClearAssignment"))).toBe(moved);
  });

  test("a new and better pool moves nobody; autoAssign off takes nothing away", async () => {
    const lab = await running();
    lab.pool("a", { addresses: ["10.9.0.0/24"] });
    lab.pool("p", { addresses: ["10.0.0.0/29", "fd00::/125"], autoAssign: false });
    await lab.quiet();
    expect(everythingShown(lab)).toEqual(WANT);
  });
});

describe("the ConfigurationState", () => {
  const state = (lab: ControllerLab) => lab.kube.object(KINDS.ConfigurationState, "metallb-system/controller");
  const condition = (fields: object) => [{ type: "poolReconcilerValid", ...fields }];

  test("says that the pools are in force, belongs to our Pod, and comes back when deleted", async () => {
    const lab = new ControllerLab();
    lab.kube.apply(KINDS.Pod, { metadata: { namespace: "metallb-system", name: "controller-x", uid: "pod-uid" } });
    await lab.start({ podName: "controller-x" });
    const want = {
      metadata: {
        labels: { "metallb.io/component-type": "controller" },
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "controller-x", uid: "pod-uid" }],
      },
      status: {
        result: "Valid",
        errorSummary: "",
        conditions: condition({ status: "True", reason: "Reconciled", message: "" }),
      },
    };
    expect(state(lab)).toMatchObject(want);
    lab.kube.remove(KINDS.ConfigurationState, "metallb-system/controller");
    await lab.quiet();
    expect(state(lab)).toMatchObject(want);
  });

  test("names what is wrong with communities, which keeps no pool from being used", async () => {
    const lab = await running();
    const community = (value: string) =>
      lab.kube.apply(KINDS.Community, {
        metadata: { namespace: "metallb-system", name: "c" },
        spec: { communities: [{ name: "near", value }] },
      });
    community("1:99999");
    lab.pool("q", { addresses: ["10.0.9.0/32"] });
    lab.service("t", { annotations: { "metallb.io/address-pool": "q" } });
    await lab.quiet();
    expect(lab.ips("t")).toEqual(["10.0.9.0"]);
    expect(lab.metrics.values.get("metallb_k8s_client_config_stale_bool")).toBe(1);
    expect(lab.log.messages("error")).toEqual([expect.stringContaining("pools are in force all the same")]);
    expect(state(lab)!["status"]).toMatchObject({
      result: "Invalid",
      errorSummary: expect.stringContaining(
        "Community metallb-system/c: spec.communities[0].value: invalid community value: invalid section",
      ) as string,
    });
    community("1:1");
    await lab.quiet();
    expect(state(lab)!["status"]).toMatchObject({ result: "Valid" });
    expect(lab.metrics.values.get("metallb_k8s_client_config_stale_bool")).toBe(0);
    expect(lab.log.messages("info").filter((message) => message === "configuration applied")).toHaveLength(2);
  });

  test("names what is wrong with a pool until it is mended", async () => {
    const lab = await running();
    lab.pool("q", { addresses: ["10.0.0.1"] });
    await lab.quiet();
    const message = expect.stringMatching(
      /^configuration error: IPAddressPool metallb-system\/q: spec\.addresses\[0\]/,
    ) as string;
    expect(state(lab)!["status"]).toMatchObject({
      result: "Invalid",
      errorSummary: message,
      conditions: condition({ status: "False", reason: "ConfigurationError", message }),
    });
    lab.removePool("q");
    await lab.quiet();
    expect(state(lab)!["status"]).toMatchObject({ result: "Valid", conditions: condition({ status: "True" }) });
  });
});

describe("what is told", () => {
  test("pool status and gauges, a burst of changes in one write", async () => {
    const lab = new ControllerLab();
    lab.pool("p", { addresses: ["10.0.0.0/24", "fd00::/64"], avoidBuggyIPs: true });
    for (let i = 0; i < 20; i++) lab.service(`s${i}`, i < 15 ? {} : { families: ["IPv6"] });
    await lab.start();
    await lab.pass(seconds(5));
    const writes = lab.kube.requests.filter(({ resource }) => resource.kind === "IPAddressPool");
    expect(writes).toHaveLength(1);
    expect(lab.kube.object(KINDS.IPAddressPool, "metallb-system/p")?.["status"]).toEqual({
      assignedIPv4: 15,
      availableIPv4: 239,
      assignedIPv6: 5,
      availableIPv6: Number(2n ** 63n - 1n),
    });
    expect(Object.fromEntries([...lab.metrics.values].filter(([name]) => name.includes("allocator")))).toEqual({
      'metallb_allocator_addresses_total{pool="p"}': 254 + 2 ** 64,
      'metallb_allocator_addresses_in_use_total{pool="p"}': 20,
      'metallb_allocator_ipv4_addresses_total{pool="p"}': 254,
      'metallb_allocator_ipv6_addresses_total{pool="p"}': 2 ** 64,
      'metallb_allocator_ipv4_addresses_in_use_total{pool="p"}': 15,
      'metallb_allocator_ipv6_addresses_in_use_total{pool="p"}': 5,
    });
    lab.removePool("p");
    await lab.quiet();
    expect(lab.metrics.series("metallb_allocator_addresses_total")).toEqual([]);
  });

  test("a status of a pool that somebody else changed is put right", async () => {
    const lab = await running();
    lab.kube.edit(KINDS.IPAddressPool, "metallb-system/p", { status: { assignedIPv4: 99 } });
    await lab.quiet();
    expect(lab.kube.object(KINDS.IPAddressPool, "metallb-system/p")?.["status"]).toMatchObject({ assignedIPv4: 2 });
  });

  test("an address that somebody removes from a status comes back", async () => {
    const lab = await running();
    lab.edit("v4", { status: { loadBalancer: { ingress: null } } });
    await lab.quiet();
    expect(lab.ips("v4")).toEqual(["10.0.0.0"]);
  });

  test("stopping waits for nothing and leaves no timer behind", async () => {
    const lab = await running();
    lab.service("waits", { spec: { loadBalancerIP: "172.16.0.1" } });
    await lab.quiet();
    await lab.stop();
    await lab.pass(millis(200));
    expect(lab.clock.pending).toBe(0);
  });
});

describe("an address that one Service leaves and another one gets", () => {
  test.each([
    { name: "moves", leave: (lab: ControllerLab) => lab.annotate("v4", { "metallb.io/address-pool": "q" }) },
    {
      name: "is no LoadBalancer any more",
      leave: (lab: ControllerLab) => lab.edit("v4", { spec: { type: "ClusterIP" } }),
    },
  ])(
    "is never shown by both, though the status of the one that $name can't be written for a while",
    async ({ leave }) => {
      const lab = await running();
      lab.pool("q", { addresses: ["10.1.0.1/32"], autoAssign: false });
      lab.service("next", { annotations: { "metallb.io/loadBalancerIPs": "10.0.0.0" } });
      await lab.quiet();
      let failing = true;
      lab.kube.fail(
        kubeError(500, "InternalError"),
        Number.POSITIVE_INFINITY,
        ({ key }) => failing && key === "default/v4",
      );
      leave(lab);
      await lab.pass(seconds(20));
      expect([lab.ips("v4"), lab.ips("next")]).toEqual([["10.0.0.0"], []]);
      failing = false;
      await lab.pass(seconds(60));
      expect(lab.ips("v4")).not.toContain("10.0.0.0");
      expect(lab.ips("next")).toEqual(["10.0.0.0"]);
    },
  );

  test("is not waited for when who showed it is deleted", async () => {
    const lab = await running();
    lab.pool("q", { addresses: ["10.1.0.1/32"], autoAssign: false });
    lab.service("next", { annotations: { "metallb.io/loadBalancerIPs": "10.0.0.0" } });
    await lab.quiet();
    lab.kube.fail(kubeError(500, "InternalError"), Number.POSITIVE_INFINITY, ({ key }) => key === "default/v4");
    lab.annotate("v4", { "metallb.io/address-pool": "q" });
    await lab.quiet();
    expect(lab.ips("next")).toEqual([]);
    lab.remove("v4");
    await lab.quiet();
    expect(lab.ips("next")).toEqual(["10.0.0.0"]);
  });
});
