import { describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import { ControllerLab, type ServiceSpec } from "../support/controller-lab.ts";

/** A Service as the reference's controller leaves it. */
interface Left extends ServiceSpec {
  readonly ips: readonly string[];
  readonly pool?: string;
}

const v4 = (n: number): string => `192.0.2.${n}`;
const v6 = (n: number): string => `2001:db8::${(n + 1).toString(16)}`;

/** Every way in which the reference gives addresses; the n-th Service has the n-th addresses unless it shares. */
const WAYS: readonly ((n: number) => Left)[] = [
  (n) => ({ ips: [v4(n)] }),
  (n) => ({ ips: [v6(n)], families: ["IPv6"] }),
  (n) => ({ ips: [v4(n), v6(n)], families: ["IPv4", "IPv6"], policy: "RequireDualStack" }),
  // IPv4 is shown first, whichever family is first to the Service.
  (n) => ({ ips: [v4(n), v6(n)], families: ["IPv6", "IPv4"], policy: "PreferDualStack" }),
  // Requested addresses are shown in the order of their texts.
  (n) => ({
    ips: [v4(n), v6(n)],
    families: ["IPv6", "IPv4"],
    policy: "RequireDualStack",
    annotations: { "metallb.io/loadBalancerIPs": `${v6(n)},${v4(n)}` },
  }),
  (n) => ({ ips: [v4(n)], spec: { loadBalancerIP: v4(n) } }),
  (n) => ({ ips: [v4(n)], annotations: { "metallb.universe.tf/loadBalancerIPs": v4(n) } }),
  (n) => ({ ips: [v4(n)], annotations: { "metallb.universe.tf/address-pool": "main" } }),
  (n) => ({ ips: [v4(n)], annotations: { "metallb.io/address-pool": "main" }, namespace: "shop" }),
  // Two share an address, and are not packed with those that use the same key elsewhere.
  (n) => ({ ips: [v4(n)], annotations: { "metallb.universe.tf/allow-shared-ip": "key" } }),
  (n) => ({ ips: [v4(n - 1)], annotations: { "metallb.io/allow-shared-ip": "key" }, ports: ["UDP/53", "TCP/53"] }),
  (n) => ({ ips: [`198.51.100.${n}`], annotations: { "metallb.io/address-pool": "by-hand" }, pool: "by-hand" }),
  (n) => ({ ips: [`203.0.113.${n}`], namespace: "team", pool: "team" }),
];

const LEFT = Array.from({ length: 200 }, (_, n) => ({ name: `s${n}`, ...WAYS[n % WAYS.length]!(n) }));

/** A cluster that the reference's controller has served until now. */
function leftByTheReference(): ControllerLab {
  const lab = new ControllerLab();
  lab.pool("main", { addresses: ["192.0.2.0/24", "2001:db8::/64"] });
  lab.pool("by-hand", { addresses: ["198.51.100.0/24"], autoAssign: false });
  lab.pool("team", { addresses: ["203.0.113.0/24"], serviceAllocation: { priority: 10, namespaces: ["team"] } });
  lab.namespace("team");
  for (const { name, ips, pool = "main", ...spec } of LEFT)
    lab.service(name, {
      ...spec,
      annotations: { ...spec.annotations, "metallb.io/ip-allocated-from-pool": pool },
      // The mode is the API server's.
      status: { loadBalancer: { ingress: ips.map((ip) => ({ ip, ipMode: "VIP" })) } },
    });
  return lab;
}

function objects(lab: ControllerLab): readonly (KubeObject | undefined)[] {
  return LEFT.map(({ namespace = "default", name }) => lab.kube.object(KINDS.Service, `${namespace}/${name}`));
}

describe("a cluster that the reference's controller has served", () => {
  test.each(["orderly", "unclean"] as const)("is taken over without a write to any Service: %s start", async (end) => {
    const lab = leftByTheReference();
    const before = structuredClone(objects(lab));
    await lab.start({}, end);
    expect(objects(lab)).toEqual(before);
    expect([lab.serviceWrites, lab.events()]).toEqual([0, []]);
  });

  test("goes on: what is free is given to others, and what it had is not", async () => {
    const lab = leftByTheReference();
    await lab.start();
    const taken = new Set(LEFT.flatMap(({ ips }) => ips));
    for (let i = 0; i < 40; i++) lab.service(`new${i}`);
    await lab.quiet();
    const given = Array.from({ length: 40 }, (_, i) => lab.ips(`new${i}`)).flat();
    expect([given.length, new Set(given).size]).toEqual([40, 40]);
    expect(given.filter((ip) => taken.has(ip))).toEqual([]);
  });

  test("can go back: a Service of ours has what the reference reads, and what else it has is a condition", async () => {
    const lab = leftByTheReference();
    await lab.start();
    lab.service("new", { families: ["IPv4", "IPv6"], policy: "RequireDualStack", annotations: { mine: "stays" } });
    await lab.quiet();
    const { metadata, status } = lab.kube.object(KINDS.Service, "default/new") as KubeObject & {
      readonly status: { readonly loadBalancer: unknown; readonly conditions: readonly { readonly type: string }[] };
    };
    const [ipv4, ipv6] = lab.ips("new");
    expect(metadata["annotations"]).toEqual({ mine: "stays", "metallb.io/ip-allocated-from-pool": "main" });
    expect(Object.keys(metadata)).not.toContain("finalizers");
    expect(status.loadBalancer).toEqual({ ingress: [{ ip: ipv4 }, { ip: ipv6 }] });
    expect(Object.keys(status).toSorted()).toEqual(["conditions", "loadBalancer"]);
    expect(status.conditions.map(({ type }) => type)).toEqual(["metallb.io/Allocated"]);
  });
});
