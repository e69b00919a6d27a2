import { describe, expect, test } from "vitest";
import type { RefusalCode } from "../../src/allocator/refusal.ts";
import { REFUSAL_CODES, refusalReason } from "../../src/allocator/refusal.ts";
import { seconds } from "../../src/lib/duration.ts";
import { ControllerLab, type ServiceSpec } from "../support/controller-lab.ts";
import { kubeError } from "../support/recording-kube.ts";
import { DUAL, type Stack, STACKS, V4, V6 } from "../support/stacks.ts";

/** How a Service `s` comes to be refused for each reason there is. There is a Service `other` with address 1 of pool `a`. */
interface Row {
  readonly service: (stack: Stack) => ServiceSpec;
  /** The message of event, condition and log line contains this. */
  readonly text: (stack: Stack) => string;
  readonly pools?: (stack: Stack) => Readonly<Record<string, { addresses: readonly string[] }>>;
  readonly event?: string;
  /** Families for which the reason exists. */
  readonly stacks?: readonly Stack[];
  readonly other?: ServiceSpec | "none";
}

const KEY = "metallb.io/allow-shared-ip";
const POOL = "metallb.io/address-pool";
const IPS = "metallb.io/loadBalancerIPs";
const FULL = (stack: Stack) => ({ a: { addresses: stack.ranges(0, 1, 1) } });
const wants = (stack: Stack, n: number, more: object = {}) => ({ [IPS]: stack.ips(0, n).join(","), ...more });
const first = (stack: Stack, n: number) => stack.ips(0, n)[0]!;
const limited = (allocation: object) => (stack: Stack) => ({
  a: { addresses: stack.ranges(0, 1, 3) },
  b: { addresses: stack.ranges(1, 1, 3), serviceAllocation: allocation },
});

const ROWS: { readonly [C in RefusalCode]: Row } = {
  "request-malformed": {
    service: () => ({ annotations: { [IPS]: "10.0.0" } }),
    text: () => `annotation ${IPS} is "10.0.0": "10.0.0" is not an IP address; correct annotation ${IPS}`,
    event: "LoadBalancerFailed",
  },
  "request-contradictory": {
    service: (stack) => ({ annotations: wants(stack, 2), spec: { loadBalancerIP: first(stack, 2) } }),
    text: () => `addresses are requested by annotation ${IPS} and by spec.loadBalancerIP; use only one of them`,
    event: "LoadBalancerFailed",
  },
  "cluster-ip-missing": {
    service: () => ({ spec: { clusterIP: "None", clusterIPs: ["None"] } }),
    text: () => "the Service has no cluster IP; don't make it headless",
    event: "noclusterIPsIPFamily",
  },
  "dual-stack-impossible": {
    service: () => ({ policy: "RequireDualStack" }),
    text: () => "ipFamilyPolicy is RequireDualStack, but the Service has only one cluster IP; use SingleStack or",
    event: "not enough clusterips",
    stacks: [V4, V6],
  },
  "family-mismatch": {
    service: (stack) => ({ annotations: { [IPS]: first(stack === V4 ? V6 : V4, 2) } }),
    text: (stack) => `but the Service is ${stack.families.join(" and ")}; request addresses of the Service's own`,
  },
  "no-pools": {
    service: () => ({}),
    text: () => "there is no IPAddressPool; create one",
    pools: () => ({}),
    other: "none",
  },
  "pool-unknown": {
    service: () => ({ annotations: { [POOL]: "x" } }),
    text: () => 'there is no IPAddressPool "x"; correct the pool\'s name, or create it',
  },
  "namespace-not-allowed": {
    service: () => ({ annotations: { [POOL]: "b" } }),
    text: () => 'pool "b" does not serve namespace "default"; extend the pool\'s serviceAllocation',
    pools: limited({ namespaces: ["bank"] }),
  },
  "service-not-selected": {
    service: () => ({ annotations: { [POOL]: "b" } }),
    text: () => "the Service's labels match none of the serviceSelectors of pool \"b\"; extend the pool's",
    pools: limited({ serviceSelectors: [{ matchLabels: { app: "db" } }] }),
  },
  "no-pool-for-service": {
    service: () => ({}),
    text: () => "no pool assigns addresses to this Service automatically; request a pool or an address",
    pools: (stack) => ({ a: { addresses: stack.ranges(0, 1, 3), autoAssign: false } }),
    other: { annotations: { [POOL]: "a" } },
  },
  "family-not-in-pools": {
    service: () => ({}),
    text: (stack) => `no ${stack === V4 ? "IPv4" : "IPv6"} addresses in pool a; add a range of that family`,
    pools: (stack) => ({ a: { addresses: (stack === V4 ? V6 : V4).ranges(0, 1, 3) } }),
    other: "none",
  },
  "pool-exhausted": {
    service: () => ({}),
    text: (stack) =>
      `no free ${stack.families.join(" and ")} address${stack.families.length > 1 ? " pair" : ""} in pool a; extend`,
    pools: FULL,
  },
  "address-outside-pools": {
    service: (stack) => ({ annotations: wants(stack, 9) }),
    text: (stack) => `${first(stack, 9)} is in no IPAddressPool; request an address of a pool, or extend one`,
  },
  "address-avoided": {
    service: (stack) => ({ annotations: { [IPS]: ["10.250.0.0", ...(stack === V4 ? [] : V6.ips(0, 2))].join(",") } }),
    text: () => '10.250.0.0 is left out of pool "b" by avoidBuggyIPs; request another address',
    pools: (stack) => ({
      a: { addresses: stack.ranges(0, 1, 3) },
      b: { addresses: ["10.250.0.0/24"], avoidBuggyIPs: true },
    }),
    stacks: [V4, DUAL],
  },
  "address-in-other-pool": {
    service: (stack) => ({ annotations: wants(stack, 2, { [POOL]: "b" }) }),
    text: (stack) =>
      `${first(stack, 2)} is in pool "a", not in the requested "b"; correct the requested address or pool`,
  },
  "addresses-in-two-pools": {
    service: () => ({ annotations: { [IPS]: [...V4.ips(0, 2), ...V6.ips(1, 2)].join(",") } }),
    text: () => "10.0.0.2 and fd00:2::2 are in two pools (a, b); request addresses of one pool",
    pools: (stack) => ({ a: { addresses: stack.ranges(0, 1, 3) }, b: { addresses: stack.ranges(1, 1, 3) } }),
    stacks: [DUAL],
  },
  "address-in-use": {
    service: (stack) => ({ annotations: wants(stack, 1) }),
    text: (stack) => `address conflict: ${first(stack, 1)} is in use by default/other; set the same ${KEY} on both`,
  },
  "sharing-key-conflict": {
    service: (stack) => ({ annotations: wants(stack, 1, { [KEY]: "l" }) }),
    text: (stack) =>
      `sharing key conflict on ${first(stack, 1)}: the key is "l", but default/other has "k"; use the same key on both`,
    other: { annotations: { [KEY]: "k" } },
  },
  "backend-conflict": {
    service: (stack) => ({
      annotations: wants(stack, 1, { [KEY]: "k" }),
      spec: { externalTrafficPolicy: "Local", selector: { a: "b" } },
    }),
    text: (stack) =>
      `backend conflict on ${first(stack, 1)}: default/other has the key "k" too, but not the same backends; use`,
    other: { annotations: { [KEY]: "k" } },
  },
  "port-conflict": {
    service: (stack) => ({ annotations: wants(stack, 1, { [KEY]: "k" }) }),
    text: (stack) => `port conflict on ${first(stack, 1)}: TCP/80 is in use by default/other; use another port`,
    other: { annotations: { [KEY]: "k" } },
  },
};

const CASES = REFUSAL_CODES.flatMap((code) =>
  (ROWS[code].stacks ?? STACKS).map((stack) => ({ code, stack, name: stack.name, ...ROWS[code] })),
);

async function refused({ stack, service, pools, other }: (typeof CASES)[number]): Promise<ControllerLab> {
  const lab = new ControllerLab();
  const wanted = pools?.(stack) ?? { a: { addresses: stack.ranges(0, 1, 3) } };
  for (const [name, spec] of Object.entries(wanted)) lab.pool(name, spec);
  await lab.start();
  if (other !== "none") lab.service("other", { ...stack.service, ...other });
  await lab.quiet();
  lab.service("s", { ...stack.service, ...service(stack) });
  await lab.quiet();
  return lab;
}

describe("a reason is in the condition, the event, the log and the metrics of a real Service", () => {
  test.each(CASES)("$code, $name", async (row) => {
    const { code, stack, text, event = "AllocationFailed" } = row;
    const lab = await refused(row);
    const message = expect.stringContaining(text(stack)) as string;
    expect(lab.view("s").conditions).toMatchObject([
      { type: "metallb.io/Allocated", status: "False", reason: refusalReason(code), message },
    ]);
    expect(lab.kube.events.filter(({ regarding }) => regarding.name === "s")).toMatchObject([
      { type: "Warning", reason: event, message },
    ]);
    expect(lab.log.lines.filter(({ fields }) => fields["service"] === "default/s")).toMatchObject([
      { level: "warn", fields: { reason: code }, message },
    ]);
    expect(pendingReasons(lab)).toEqual({ [code]: 1 });
    expect(refusals(lab)[code]).toBe(1);
    await lab.pass(seconds(20));
    lab.remove("s");
    await lab.quiet();
    expect(pendingReasons(lab)).toEqual({});
    expect(refusals(lab)[code]).toBe(1);
  });
});

describe("counts of refusals", () => {
  test("every reason has its series from the start", async () => {
    const lab = new ControllerLab();
    await lab.start();
    for (const metric of ["metallb_controller_services_pending", "metallb_controller_allocations_refused_total"])
      expect(lab.metrics.series(metric)).toEqual(REFUSAL_CODES.map((code) => `${metric}{reason="${code}"}`).sort());
  });

  test.each(STACKS)(
    "an $name Service that is refused for one reason after the other, keeps its address, and goes",
    async (stack) => {
      const lab = new ControllerLab();
      lab.pool("a", { addresses: stack.ranges(0, 1, 3) });
      await lab.start();
      lab.service("s", stack.service);
      await lab.quiet();
      const told: Record<string, number>[] = [];
      const steps: Readonly<Record<string, string | null>>[] = [
        { [POOL]: "x" },
        { [POOL]: "y" },
        { [POOL]: null, [IPS]: "x" },
        { [IPS]: null },
      ];
      for (const annotations of steps) {
        lab.annotate("s", annotations);
        await lab.quiet();
        told.push(pendingReasons(lab));
      }
      expect(told).toEqual([{ "pool-unknown": 1 }, { "pool-unknown": 1 }, { "request-malformed": 1 }, {}]);
      expect(refusals(lab)).toEqual({ "pool-unknown": 2, "request-malformed": 1 });
      lab.annotate("s", { [POOL]: "z" });
      await lab.quiet();
      expect(pendingReasons(lab)).toEqual({ "pool-unknown": 1 });
      lab.edit("s", { spec: { type: "ClusterIP" } });
      await lab.quiet();
      expect(pendingReasons(lab)).toEqual({});
    },
  );

  test("who stops says that nobody is pending here any more", async () => {
    const lab = new ControllerLab();
    await lab.start();
    lab.service("s");
    await lab.quiet();
    expect(pendingReasons(lab)).toEqual({ "no-pools": 1 });
    await lab.stop();
    expect(pendingReasons(lab)).toEqual({});
  });

  test("the time from a decision to the status is measured once per write", async () => {
    const lab = new ControllerLab();
    lab.pool("a", { addresses: V4.ranges(0, 1, 9) });
    await lab.start();
    let failing = true;
    lab.kube.fail(kubeError(500, "InternalError"), Number.POSITIVE_INFINITY, () => failing);
    lab.service("s");
    lab.service("t");
    await lab.pass(seconds(2));
    failing = false;
    await lab.pass(seconds(60));
    expect(lab.metrics.values.get("metallb_controller_status_write_seconds_count")).toBe(2);
    const sum = lab.metrics.values.get("metallb_controller_status_write_seconds_sum")!;
    expect(sum).toBeGreaterThan(4);
    expect(sum).toBeLessThan(120);
  });
});

function pendingReasons(lab: ControllerLab): Record<string, number> {
  return counts(lab, "metallb_controller_services_pending");
}

function refusals(lab: ControllerLab): Record<string, number> {
  return counts(lab, "metallb_controller_allocations_refused_total");
}

/** Values that are not 0, by reason. */
function counts(lab: ControllerLab, metric: string): Record<string, number> {
  const entries = REFUSAL_CODES.map((code) => [code, lab.metrics.values.get(`${metric}{reason="${code}"}`)] as const);
  return Object.fromEntries(
    entries.flatMap(([code, value]) => (value === undefined || value === 0 ? [] : [[code, value]])),
  );
}
