import type { Pool } from "../../src/allocator/pool.ts";
import { Allocator } from "../../src/allocator/allocator.ts";
import { projectService } from "../../src/config/service.ts";
import { ServiceReconciler } from "../../src/controller/service-reconciler.ts";
import { statusUpdate } from "../../src/controller/service-status.ts";
import type { IpAddress } from "../../src/ip/address.ts";
import { formatAddress, parseAddress } from "../../src/ip/address.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import { mergePatch } from "./merge-patch.ts";
import { RecordingLog } from "./recording-log.ts";

/** A pool as a test describes it. */
export interface ModelPool {
  readonly ranges: readonly (readonly [first: string, last: string])[];
  readonly autoAssign: boolean;
  readonly avoidBuggyIPs: boolean;
  /** Namespaces that may use it; undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly priority: number;
}

/** A Service as a test describes it: what the rules of sharing look at, and what can be asked for. */
export interface ModelService {
  readonly namespace: string;
  readonly type: "LoadBalancer" | "ClusterIP";
  readonly families: readonly ("IPv4" | "IPv6")[];
  readonly policy: "SingleStack" | "PreferDualStack" | "RequireDualStack";
  readonly key: string;
  readonly local: boolean;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly addresses: readonly string[];
  readonly pool: string;
}

/**
 * Decisions of the controller without its I/O: what it decides is written into the objects at once, or later when the
 * test says so.
 */
export class AllocationWorld {
  readonly pools = new Map<string, ModelPool>();
  readonly services = new Map<string, ModelService>();
  readonly objects = new Map<string, KubeObject>();
  allocator = new Allocator();
  #reconciler = this.#newReconciler();
  #writes = 0;

  get writes(): number {
    return this.#writes;
  }

  setPool(name: string, pool: ModelPool): void {
    this.pools.set(name, pool);
    this.#applyPools();
  }

  removePool(name: string): void {
    if (this.pools.delete(name)) this.#applyPools();
  }

  setService(name: string, service: ModelService): void {
    const id = `${service.namespace}/${name}`;
    this.services.set(id, service);
    const object = { ...toObject(name, service), status: this.objects.get(id)?.["status"] ?? {} };
    this.objects.set(id, keepOurAnnotation(object, this.objects.get(id)));
    this.#reconciler.set(id, projectService(this.objects.get(id)!));
  }

  removeService(id: string): void {
    this.services.delete(id);
    this.objects.delete(id);
    this.#reconciler.delete(id);
  }

  /** Writes what is decided until nothing is left to write. */
  flush(): void {
    for (let round = 0; this.#flushOnce(); round++) if (round > 20) throw new Error("the controller keeps writing");
  }

  /** A new controller that knows nothing but the objects, in any order. */
  restart(order: readonly string[] = [...this.objects.keys()]): void {
    this.allocator = new Allocator();
    this.#reconciler = this.#newReconciler();
    for (const id of order) this.#reconciler.set(id, projectService(this.objects.get(id)!));
    this.#applyPools();
  }

  plan(id: string) {
    return this.#reconciler.plan(id);
  }

  addresses(id: string): readonly IpAddress[] {
    return this.#reconciler.plan(id)?.addresses ?? [];
  }

  /** Every Service's addresses and reason, as text. */
  outcome(): Record<string, string> {
    return Object.fromEntries(
      [...this.objects.keys()].sort().map((id) => {
        const { refusal } = this.plan(id) ?? {};
        return [id, `${this.addresses(id).map(formatAddress).join(" ")} ${refusal?.code ?? ""}`];
      }),
    );
  }

  #flushOnce(): boolean {
    let wrote = false;
    for (const [id, object] of this.objects) {
      const plan = this.plan(id);
      const update = plan && statusUpdate(projectService(object), plan, "2026-01-01T00:00:00Z");
      if (update === undefined) continue;
      wrote = true;
      this.#writes++;
      this.objects.set(id, mergePatch(object, update.patch) as KubeObject);
      this.#reconciler.set(id, projectService(this.objects.get(id)!));
    }
    return wrote;
  }

  #applyPools(): void {
    this.#reconciler.setPools([...this.pools].map(([name, pool]) => toPool(name, pool)));
  }

  #newReconciler(): ServiceReconciler {
    return new ServiceReconciler({
      allocator: this.allocator,
      loadBalancerClass: "",
      log: new RecordingLog(),
      onPlan: () => {},
      onRefusal: () => {},
    });
  }
}

function toPool(name: string, pool: ModelPool): Pool {
  const { autoAssign, avoidBuggyIPs, namespaces, priority } = pool;
  return {
    name,
    ranges: pool.ranges.map(([first, last]) => ({ first: parseAddress(first)!, last: parseAddress(last)! })),
    autoAssign,
    avoidBuggyIPs,
    serviceAllocation:
      namespaces === undefined ? undefined : { priority, namespaces: new Set(namespaces), matchesService: undefined },
  };
}

function toObject(name: string, service: ModelService): KubeObject {
  const clusterIPs = service.families.map((family) => (family === "IPv4" ? "10.96.0.1" : "fd00:96::1"));
  const annotations = {
    ...(service.key === "" ? {} : { "metallb.io/allow-shared-ip": service.key }),
    ...(service.pool === "" ? {} : { "metallb.io/address-pool": service.pool }),
    ...(service.addresses.length === 0 ? {} : { "metallb.io/loadBalancerIPs": service.addresses.join(",") }),
  };
  return {
    metadata: { namespace: service.namespace, name, uid: name, annotations, creationTimestamp: "2025-01-01T00:00:00Z" },
    spec: {
      type: service.type,
      clusterIPs,
      ipFamilies: service.families,
      ipFamilyPolicy: service.policy,
      ports: service.ports.map((text) => ({ protocol: text.split("/")[0], port: Number(text.split("/")[1]) })),
      externalTrafficPolicy: service.local ? "Local" : "Cluster",
      selector: service.selector,
    },
  };
}

function keepOurAnnotation(object: KubeObject, old: KubeObject | undefined): KubeObject {
  const pool = old?.metadata.annotations?.["metallb.io/ip-allocated-from-pool"];
  if (pool === undefined) return object;
  return mergePatch(object, { metadata: { annotations: { "metallb.io/ip-allocated-from-pool": pool } } }) as KubeObject;
}
