import { projectService, type ServiceView } from "../../src/config/service.ts";
import type { ClusterSnapshot } from "../../src/inspect/cluster/snapshot.ts";
import type { KubeObject } from "../../src/ports/kube.ts";

const NAMESPACE = "metallb-system";

/** What a test says about a Service; the rest is an IPv4 Service with port TCP/80. */
export interface SnapshotService {
  /** `namespace/name`, or a name in `default`. */
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly families?: readonly ("IPv4" | "IPv6")[];
  readonly ports?: readonly string[];
  /** Addresses that the status shows, and the pool that the annotation names. */
  readonly shows?: readonly string[];
  readonly pool?: string;
  readonly spec?: object;
  readonly conditions?: readonly object[];
}

export interface SnapshotSpec {
  readonly services: readonly SnapshotService[];
  /** Spec of each pool by name; a list is its addresses. */
  readonly pools: Readonly<Record<string, readonly string[] | object>>;
  /** Labels of each namespace. */
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A cluster as it would be read; Services are as old as their place in the list says. */
export function snapshotOf({ services, pools, namespaces = { default: {} } }: SnapshotSpec): ClusterSnapshot {
  return {
    namespace: NAMESPACE,
    services: services.map(serviceView),
    pools: Object.entries(pools).map(([name, spec]) => poolObject(name, spec)),
    namespaces: Object.entries(namespaces).map(([name, labels]) => ({ name, labels })),
  };
}

export function poolObject(name: string, spec: readonly string[] | object): KubeObject {
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name, namespace: NAMESPACE },
    spec: Array.isArray(spec) ? { addresses: spec } : spec,
  };
}

export function serviceView(wanted: SnapshotService, age: number): ServiceView {
  const { metadata, ...object } = serviceObject(wanted, age);
  return projectService({ ...object, metadata: { ...metadata, uid: `uid-${metadata.name}`, resourceVersion: "1" } });
}

export function serviceObject(wanted: SnapshotService, age: number): KubeObject {
  const { families = ["IPv4"], ports = ["TCP/80"], shows = [], pool } = wanted;
  const [name = "", namespace = "default"] = wanted.name.split("/").toReversed();
  const clusterIPs = families.map((family) => (family === "IPv4" ? "10.96.0.1" : "fd00:96::1"));
  const allocated = pool === undefined ? {} : { "metallb.io/ip-allocated-from-pool": pool };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace,
      creationTimestamp: new Date(Date.UTC(2026, 0, 1) + age * 1000).toISOString().replace(".000", ""),
      labels: wanted.labels ?? {},
      annotations: { ...wanted.annotations, ...allocated },
    },
    spec: {
      type: "LoadBalancer",
      clusterIP: clusterIPs[0],
      clusterIPs,
      ipFamilies: families,
      ipFamilyPolicy: families.length > 1 ? "PreferDualStack" : "SingleStack",
      ports: ports.map((text) => ({ protocol: text.split("/")[0], port: Number(text.split("/")[1]) })),
      ...wanted.spec,
    },
    status: {
      loadBalancer: shows.length === 0 ? {} : { ingress: shows.map((ip) => ({ ip })) },
      ...(wanted.conditions === undefined ? {} : { conditions: wanted.conditions }),
    },
  };
}
