import { describe, expect, test } from "vitest";
import { projectService, type ServiceView } from "../config/service.ts";
import { parseAddress } from "../ip/address.ts";
import type { KubeObject } from "../ports/kube.ts";
import { NOTHING, type ServicePlan } from "./service-plan.ts";
import { statusUpdate } from "./service-status.ts";

const NOW = "2026-11-21T12:00:00Z";
const THEIRS = { type: "theirs", status: "True", reason: "R", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" };
const FULL = { code: "pool-exhausted", families: ["IPv4"], pools: ["p"], poolCount: 1 } as const;
const FULL_TEXT = "no free IPv4 address in pool p; extend the pool, release an address, or share one";

function service(status: object = {}, annotations: Record<string, string> = {}): ServiceView {
  const object: KubeObject = {
    metadata: { namespace: "shop", name: "web", uid: "u", resourceVersion: "7", annotations },
    spec: { type: "LoadBalancer" },
    status,
  };
  return projectService(object);
}

function plan(ips: readonly string[], more: Partial<ServicePlan> = {}): ServicePlan {
  const addresses = ips.map((ip) => parseAddress(ip)!);
  return { ...NOTHING, addresses, pool: ips.length === 0 ? undefined : "p", ...more };
}

const POOL = { "metallb.io/ip-allocated-from-pool": "p" };
const ours = (status: string, reason: string, message: string, since = NOW) => ({
  type: "metallb.io/Allocated",
  status,
  reason,
  message,
  lastTransitionTime: since,
});

describe("statusUpdate", () => {
  test("a first address is one patch for the version that was seen, and one event", () => {
    expect(statusUpdate(service({ conditions: [THEIRS] }), plan(["10.0.0.1", "fd00::1"]), NOW)).toEqual({
      patch: {
        metadata: { resourceVersion: "7", annotations: POOL },
        status: {
          loadBalancer: { ingress: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] },
          conditions: [THEIRS, ours("True", "Allocated", "10.0.0.1 and fd00::1 from pool p")],
        },
      },
      events: [{ type: "Normal", reason: "IPAllocated", message: 'Assigned IP ["10.0.0.1" "fd00::1"]' }],
    });
  });

  test.each([
    { name: "all is shown", status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } }, plan: plan(["10.0.0.1"]) },
    {
      name: "the API server has added ipMode",
      status: { loadBalancer: { ingress: [{ ip: "10.0.0.1", ipMode: "VIP" }] } },
      plan: plan(["10.0.0.1"]),
    },
    {
      name: "the refusal is known",
      status: {
        loadBalancer: { ingress: [{ ip: "10.0.0.1" }] },
        conditions: [ours("False", "PoolExhausted", `keeping 10.0.0.1: ${FULL_TEXT}`)],
      },
      plan: plan(["10.0.0.1"], { refusal: FULL }),
    },
  ])("nothing is written when $name", ({ status, plan }) => {
    expect(statusUpdate(service(status, POOL), plan, NOW)).toBeUndefined();
  });

  test("a new reason is told; the time stays as long as the status does", () => {
    const since = "2026-01-01T00:00:00Z";
    const update = statusUpdate(
      service({ conditions: [ours("False", "PoolUnknown", "x", since)] }),
      plan([], { refusal: FULL }),
      NOW,
    );
    expect(update).toEqual({
      patch: {
        metadata: { resourceVersion: "7" },
        status: { conditions: [ours("False", "PoolExhausted", FULL_TEXT, since)] },
      },
      events: [
        { type: "Warning", reason: "AllocationFailed", message: `Failed to allocate IP for "shop/web": ${FULL_TEXT}` },
      ],
    });
  });

  test("an address that is taken away is announced with the reason, and cleared", () => {
    const shown = service({ loadBalancer: { ingress: [{ ip: "10.0.0.1" }] }, conditions: [THEIRS] }, POOL);
    const address = parseAddress("10.0.0.1")!;
    const lost = [
      { address, reason: { code: "port-conflict", address, port: "TCP/80", other: "shop/other" } as const },
    ];
    const update = statusUpdate(shown, plan([], { lost, refusal: FULL }), NOW);
    expect(update?.patch).toMatchObject({
      metadata: { annotations: { "metallb.io/ip-allocated-from-pool": null } },
      status: { loadBalancer: { ingress: null } },
    });
    expect(update?.events.map(({ reason }) => reason)).toEqual(["ClearAssignment", "AllocationFailed"]);
  });

  test("a Service that is none of ours any more loses our condition only", () => {
    const shown = service({ conditions: [ours("True", "Allocated", "x"), THEIRS] });
    expect(statusUpdate(shown, NOTHING, NOW)?.patch).toEqual({
      metadata: { resourceVersion: "7" },
      status: { conditions: [THEIRS] },
    });
    expect(statusUpdate(service({ conditions: [ours("True", "Allocated", "x")] }), NOTHING, NOW)?.patch).toEqual({
      metadata: { resourceVersion: "7" },
      status: { conditions: null },
    });
  });

  test.each([
    ["request-malformed", { code: "request-malformed", field: "f", value: "v", problem: "p" }, "LoadBalancerFailed"],
    ["dual-stack-impossible", { code: "dual-stack-impossible" }, "not enough clusterips"],
    ["cluster-ip-missing", { code: "cluster-ip-missing" }, "noclusterIPsIPFamily"],
  ] as const)("%s is told as the reference does", (_, refusal, reason) => {
    expect(statusUpdate(service(), plan([], { refusal }), NOW)?.events[0]).toMatchObject({ type: "Warning", reason });
  });
});
