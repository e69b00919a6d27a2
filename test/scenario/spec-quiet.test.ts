import { expect, test } from "vitest";
import { Allocator } from "../../src/allocator/allocator.ts";
import type { ServiceView } from "../../src/config/service.ts";
import { parsePools } from "../../src/config/parse-pools.ts";
import { projectService } from "../../src/config/service.ts";
import { ServiceReconciler } from "../../src/controller/service-reconciler.ts";
import { statusUpdate } from "../../src/controller/service-status.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import { mergePatch } from "../support/merge-patch.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { DUAL, V4, V6 } from "../support/stacks.ts";

const NOW = "2026-01-01T00:00:00Z";
const CLUSTER = { IPv4: "10.96.0.1", IPv6: "fd00:96::1" } as const;

function service(name: string, families: readonly ("IPv4" | "IPv6")[], more: object, annotations: object): KubeObject {
  const metadata = { namespace: "d", name, annotations: annotations as Record<string, string> };
  const clusterIPs = families.map((family) => CLUSTER[family]);
  return { metadata, spec: { type: "LoadBalancer", clusterIPs, ports: [{ port: 80 }], ...more } };
}

const PREFER = { ipFamilyPolicy: "PreferDualStack" };

/** Every state a Service can rest in: content, pending, keeping, half content, unreadable, not ours. */
const SERVICES: readonly KubeObject[] = [
  service("four", V4.families, {}, {}),
  service("six", V6.families, {}, {}),
  service("pair", DUAL.families, { ipFamilyPolicy: "RequireDualStack" }, {}),
  service("half", DUAL.families, PREFER, { "metallb.io/address-pool": "b" }),
  service("pending", V4.families, {}, { "metallb.io/loadBalancerIPs": "10.0.0.1" }),
  service("deprecated", V6.families, {}, { "metallb.universe.tf/address-pool": "x" }),
  service("unreadable", V6.families, { loadBalancerIP: "x" }, {}),
  service("headless", [], {}, {}),
  service("theirs", V4.families, { loadBalancerClass: "x" }, {}),
  service("inside", V4.families, { type: "ClusterIP" }, {}),
];

/** METALLB_DECISIONS=1000000 takes a quarter of a minute. */
const DECISIONS = Number(process.env["METALLB_DECISIONS"] ?? 100_000);

test("decisions that change nothing write nothing, tell nothing and log nothing, however many they are", () => {
  const log = new RecordingLog();
  let refusals = 0;
  const reconciler = new ServiceReconciler({
    allocator: new Allocator(),
    loadBalancerClass: "",
    log,
    onPlan: () => {},
    onRefusal: () => refusals++,
  });
  const objects = new Map(SERVICES.map((object) => [`d/${object.metadata.name}`, object]));
  const update = (id: string, view: ServiceView) => {
    const plan = reconciler.plan(id);
    return plan === undefined ? undefined : statusUpdate(view, plan, NOW);
  };
  for (const [id, object] of objects) reconciler.set(id, projectService(object));
  const specs = { a: { addresses: DUAL.ranges(0, 1, 3) }, b: { addresses: V4.ranges(1, 1, 3), autoAssign: false } };
  const resources = Object.entries(specs).map(([name, spec]) => ({ metadata: { name }, spec }));
  reconciler.setPools(parsePools(resources, []).pools);
  let writes = 0;
  for (const [id, object] of objects) {
    const wanted = update(id, projectService(object));
    if (wanted === undefined) continue;
    writes++;
    objects.set(id, mergePatch(object, wanted.patch) as KubeObject);
  }
  expect([writes, refusals]).toEqual([8, 4]);
  const lines = log.lines.length;
  const views = Array.from(objects, ([id, object]) => [id, projectService(object)] as const);
  for (let i = 0; i < DECISIONS / views.length; i++)
    for (const [id, view] of views) {
      reconciler.set(id, view);
      if (update(id, view) !== undefined) writes++;
    }
  expect([writes, refusals, log.lines.length]).toEqual([8, 4, lines]);
}, 120_000);
