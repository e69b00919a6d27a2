import { describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { ControllerLab } from "../support/controller-lab.ts";
import { type Stack, STACKS } from "../support/stacks.ts";

/** Which Services are ours, and what happens before there is a configuration. */
const shown = (ips: readonly string[]) => ({ loadBalancer: { ingress: ips.map((ip) => ({ ip })) } });
const BAD_POOL = { addresses: ["10.0.0.0/99"] };

async function labWith(stack: Stack, options: { loadBalancerClass?: string } = {}): Promise<ControllerLab> {
  const lab = new ControllerLab();
  lab.pool("a", { addresses: stack.ranges(0, 1, 2) });
  await lab.start(options);
  return lab;
}

describe.each(STACKS)("the class of an $name Service", (stack) => {
  test.each([
    { ours: "", theirs: null, handled: true },
    { ours: "", theirs: "x", handled: false },
    { ours: "x", theirs: null, handled: false },
    { ours: "x", theirs: "x", handled: true },
    { ours: "x", theirs: "y", handled: false },
  ])("we serve '$ours', it has $theirs: handled $handled", async ({ ours, theirs, handled }) => {
    const lab = await labWith(stack, { loadBalancerClass: ours });
    lab.service("s", { ...stack.service, spec: theirs === null ? {} : { loadBalancerClass: theirs } });
    await lab.quiet();
    expect(lab.ips("s")).toEqual(handled ? stack.ips(0, 1) : []);
    expect(lab.serviceWrites).toBe(handled ? 1 : 0);
  });

  test("what another class's Service shows is not touched, though it is an address of ours", async () => {
    const lab = await labWith(stack);
    const status = shown(stack.ips(0, 1));
    lab.service("theirs", { ...stack.service, spec: { loadBalancerClass: "x" }, status });
    lab.service("theirs-no-more", { ...stack.service, spec: { loadBalancerClass: "x", type: "ClusterIP" }, status });
    lab.service("ours", stack.service);
    await lab.quiet();
    expect(lab.ips("theirs")).toEqual(stack.ips(0, 1));
    expect(lab.ips("theirs-no-more")).toEqual(stack.ips(0, 1));
    expect(lab.serviceWrites).toBe(1);
  });

  test.each(["", "x"])("serving '%s': type and class go, and come back", async (ours) => {
    const lab = await labWith(stack, { loadBalancerClass: ours });
    const spec = ours === "" ? {} : { loadBalancerClass: ours };
    lab.service("s", { ...stack.service, spec });
    await lab.quiet();
    lab.edit("s", { spec: { type: "ClusterIP", loadBalancerClass: null } });
    await lab.quiet();
    expect(lab.shown("s")).toEqual({ ips: [], pool: undefined, condition: undefined });
    lab.service("next", { ...stack.service, spec });
    await lab.quiet();
    expect(lab.ips("next")).toEqual(stack.ips(0, 1));
    lab.edit("s", { spec: { type: "LoadBalancer", ...spec } });
    await lab.quiet();
    expect(lab.ips("s")).toEqual(stack.ips(0, 2));
  });

  test("a Service that comes back with another class is left as it is, and its address is free", async () => {
    const lab = await labWith(stack);
    lab.service("s", stack.service);
    await lab.quiet();
    lab.kube.pauseWatches();
    lab.edit("s", { spec: { type: "ClusterIP" } });
    lab.edit("s", { spec: { type: "LoadBalancer", loadBalancerClass: "x" } });
    lab.kube.resumeWatches();
    await lab.quiet();
    lab.service("next", stack.service);
    await lab.quiet();
    expect(lab.ips("next")).toEqual(stack.ips(0, 1));
    expect(lab.serviceWrites).toBe(2);
  });
});

describe.each(STACKS)("before there is a configuration: an $name Service", (stack) => {
  test("invalid pools at start leave alone what has an address and what has none", async () => {
    const lab = new ControllerLab();
    lab.pool("bad", BAD_POOL);
    lab.service("has", { ...stack.service, status: shown(stack.ips(0, 2)) });
    lab.service("waits", stack.service);
    await lab.start();
    lab.edit("has", { spec: { type: "ClusterIP" } });
    await lab.quiet();
    expect([lab.ips("has"), lab.ips("waits")]).toEqual([stack.ips(0, 2), []]);
    expect([lab.serviceWrites, lab.events().length]).toEqual([0, 0]);
    lab.edit("has", { spec: { type: "LoadBalancer" } });
    lab.pool("a", { addresses: stack.ranges(0, 1, 2) });
    lab.removePool("bad");
    await lab.quiet();
    expect([lab.ips("has"), lab.ips("waits")]).toEqual([stack.ips(0, 2), stack.ips(0, 1)]);
  });

  test("no pool at all is a configuration: what a Service shows is cleared", async () => {
    const lab = new ControllerLab();
    lab.service("has", { ...stack.service, status: shown(stack.ips(0, 2)) });
    lab.service("waits", stack.service);
    await lab.start();
    for (const name of ["has", "waits"])
      expect(lab.shown(name)).toEqual({ ips: [], pool: undefined, condition: "False NoPools" });
    expect(lab.kube.object(KINDS.ConfigurationState, "metallb-system/controller")?.["status"]).toMatchObject({
      result: "Valid",
    });
  });

  test("an invalid configuration later takes nothing away and gives nothing new", async () => {
    const lab = await labWith(stack);
    lab.service("has", stack.service);
    await lab.quiet();
    lab.pool("a", BAD_POOL);
    lab.pool("b", { addresses: stack.ranges(1, 1, 2) });
    await lab.quiet();
    lab.annotate("has", { "metallb.io/address-pool": "b" });
    lab.service("new", stack.service);
    await lab.quiet();
    expect(lab.shown("has")).toEqual({ ips: stack.ips(0, 1), pool: "a", condition: "False PoolUnknown" });
    expect(lab.ips("new")).toEqual(stack.ips(0, 2));
    lab.removePool("a");
    await lab.quiet();
    expect([lab.ips("has"), lab.ips("new")]).toEqual([stack.ips(1, 1), stack.ips(1, 2)]);
  });

  test("at start those that show an address keep it, whatever the order of arrival and age", async () => {
    for (const order of [
      ["old", "has"],
      ["has", "old"],
    ]) {
      const lab = new ControllerLab();
      lab.pool("a", { addresses: stack.ranges(0, 1, 2) });
      for (const name of order)
        lab.service(name, {
          ...stack.service,
          age: name === "old" ? 0 : 9,
          ...(name === "has" ? { status: shown(stack.ips(0, 1)) } : {}),
        });
      await lab.start();
      expect([lab.ips("has"), lab.ips("old")]).toEqual([stack.ips(0, 1), stack.ips(0, 2)]);
    }
  });
});
