import fc from "fast-check";
import { describe, expect, test } from "vitest";
import reference from "../../../../test/golden/api-server/reference-crd-schemas.json" with { type: "json" };
import type { Json } from "../objects.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import { StatusError } from "../status.ts";
import { trackUpdate } from "./managed-fields.ts";
import { applyPatch } from "./patch.ts";

const NOW = "2026-11-21T10:12:10Z";
const LATER = "2026-11-21T10:13:00Z";
const CRDS = reference as unknown as Readonly<Record<string, StructuralSchema>>;
const POOL = CRDS["ipaddresspools.metallb.io/v1beta1"]!;

interface Options {
  readonly manager?: string;
  readonly force?: boolean;
  readonly now?: string;
  readonly subresource?: string;
}

function applyService(current: object | undefined, spec: object, options: Options = {}, metadata: object = {}): Json {
  const body = { apiVersion: "v1", kind: "Service", metadata: { name: "s", ...metadata }, ...spec };
  return applyPatch({
    contentType: "application/apply-patch+yaml",
    body: JSON.stringify(body),
    current,
    apiVersion: "v1",
    kind: "Service",
    isCustomResource: false,
    fieldManager: options.manager ?? "x",
    force: options.force ?? false,
    now: options.now ?? NOW,
    ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
  }) as Json;
}

function applyPool(current: object | undefined, body: string, options: Options = {}): Json {
  return applyPatch({
    contentType: "application/apply-patch+yaml",
    body: `apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: p}\n${body}`,
    current,
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    isCustomResource: true,
    fieldManager: options.manager ?? "x",
    force: options.force ?? false,
    now: options.now ?? NOW,
    schema: POOL,
  }) as Json;
}

function managedFields(object: object): Json[] {
  return ((object as Json)["metadata"] as Json)["managedFields"] as Json[];
}

function refusal(run: () => unknown): StatusError["status"] {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof StatusError) return thrown.status;
    throw thrown;
  }
  throw new Error("nothing was refused");
}

describe("updates", () => {
  test("golden: create LB svc minimal", () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "probe", namespace: "default", uid: "u", creationTimestamp: NOW },
      spec: {
        allocateLoadBalancerNodePorts: true,
        externalTrafficPolicy: "Cluster",
        internalTrafficPolicy: "Cluster",
        ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
        selector: { a: "b" },
        sessionAffinity: "None",
        type: "LoadBalancer",
      },
      status: { loadBalancer: {} },
    };
    const created = trackUpdate({ before: undefined, after: service, manager: "unknown", apiVersion: "v1", now: NOW });
    expect(managedFields(created)).toEqual([
      {
        manager: "unknown",
        operation: "Update",
        apiVersion: "v1",
        time: NOW,
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:spec": {
            "f:allocateLoadBalancerNodePorts": {},
            "f:externalTrafficPolicy": {},
            "f:internalTrafficPolicy": {},
            "f:ports": {
              ".": {},
              'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {} },
            },
            "f:selector": {},
            "f:sessionAffinity": {},
            "f:type": {},
          },
        },
      },
    ]);
  });

  test("golden: the labels of the kubernetes service", () => {
    const after = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kubernetes", labels: { component: "apiserver", provider: "kubernetes" } },
      spec: {},
    };
    const created = trackUpdate({ before: undefined, after, manager: "kas", apiVersion: "v1", now: NOW });
    expect(managedFields(created)[0]!["fieldsV1"]).toEqual({
      "f:metadata": { "f:labels": { ".": {}, "f:component": {}, "f:provider": {} } },
    });
  });

  test("golden: a custom resource after pruning and defaulting", () => {
    const after = {
      apiVersion: "metallb.io/v1beta1",
      kind: "IPAddressPool",
      metadata: { name: "probe", namespace: "metallb-system", generation: 1 },
      spec: { addresses: ["1.2.3.0/24"], autoAssign: true, avoidBuggyIPs: false },
    };
    const update = { before: undefined, after, manager: "unknown", apiVersion: "metallb.io/v1beta1", now: NOW };
    expect(managedFields(trackUpdate({ ...update, schema: POOL }))[0]!["fieldsV1"]).toEqual({
      "f:spec": { ".": {}, "f:addresses": {}, "f:autoAssign": {}, "f:avoidBuggyIPs": {} },
    });
  });

  test("golden: an event of events.k8s.io", () => {
    const after = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: "ev1", namespace: "default" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      action: "A",
      note: "hello",
      reason: "R",
      regarding: { kind: "Service", name: "kubernetes", namespace: "default" },
      reportingController: "metallb-controller",
      reportingInstance: "x",
      type: "Normal",
    };
    const created = trackUpdate({
      before: undefined,
      after,
      manager: "unknown",
      apiVersion: "events.k8s.io/v1",
      now: NOW,
    });
    expect(managedFields(created)[0]!["fieldsV1"]).toEqual(
      Object.fromEntries(
        "action eventTime note reason regarding reportingController reportingInstance type"
          .split(" ")
          .map((field) => [`f:${field}`, {}]),
      ),
    );
  });

  test("a change moves ownership, no change moves nothing, not even the time", () => {
    const base = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s" },
      spec: { type: "LoadBalancer", clusterIP: "" },
    };
    const one = trackUpdate({ before: undefined, after: base, manager: "a", apiVersion: "v1", now: NOW });
    const changed = { ...one, spec: { ...one.spec, type: "ClusterIP" } };
    const two = trackUpdate({ before: one, after: changed, manager: "b", apiVersion: "v1", now: LATER });
    expect(managedFields(two).map((m) => [m["manager"], m["time"], m["fieldsV1"]])).toEqual([
      ["a", NOW, { "f:spec": { "f:clusterIP": {} } }],
      ["b", LATER, { "f:spec": { "f:type": {} } }],
    ]);
    expect(
      trackUpdate({ before: two, after: two, manager: "b", apiVersion: "v1", now: "2027-01-01T00:00:00Z" }),
    ).toEqual(two);
  });

  test("status is its own entry, and removed fields leave every entry", () => {
    const base = { apiVersion: "v1", kind: "Service", metadata: { name: "s", labels: { l: "1" } }, spec: {} };
    const one = trackUpdate({ before: undefined, after: base, manager: "a", apiVersion: "v1", now: NOW });
    const status = { loadBalancer: { ingress: [{ ip: "fd00::1" }] } };
    const two = trackUpdate({
      before: one,
      after: { ...one, status, metadata: { ...one.metadata, labels: undefined } },
      manager: "a",
      apiVersion: "v1",
      now: LATER,
      subresource: "status",
    });
    expect(managedFields(two)).toEqual([
      {
        manager: "a",
        operation: "Update",
        apiVersion: "v1",
        time: LATER,
        fieldsType: "FieldsV1",
        fieldsV1: { "f:status": { "f:loadBalancer": { "f:ingress": {} } } },
        subresource: "status",
      },
    ]);
  });

  test("an empty list keeps the managers, a list of nothing forgets them", () => {
    const base = { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { type: "ClusterIP" } };
    const one = trackUpdate({ before: undefined, after: base, manager: "a", apiVersion: "v1", now: NOW });
    const sent = (list: object[]): object => ({ ...one, metadata: { ...one.metadata, managedFields: list } });
    const update = { before: one, manager: "a", apiVersion: "v1", now: LATER };
    expect(trackUpdate({ ...update, after: sent([]) })).toEqual(one);
    expect(managedFields(trackUpdate({ ...update, after: sent([{}]) }))).toBeUndefined();
  });
});

describe("server-side apply", () => {
  test("golden: create", () => {
    const pool = applyPool(undefined, "spec: {addresses: [1.2.3.0/24]}");
    expect(managedFields(pool)).toEqual([
      {
        apiVersion: "metallb.io/v1beta1",
        fieldsType: "FieldsV1",
        fieldsV1: { "f:spec": { "f:addresses": {} } },
        manager: "x",
        operation: "Apply",
        time: NOW,
      },
    ]);
  });

  test("golden: conflict", () => {
    const pool = applyPool(undefined, "spec: {addresses: [1.2.3.0/24]}");
    expect(refusal(() => applyPool(pool, "spec: {addresses: [1.2.4.0/24]}", { manager: "y" }))).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'Apply failed with 1 conflict: conflict with "x": .spec.addresses',
      reason: "Conflict",
      details: {
        causes: [{ reason: "FieldManagerConflict", message: 'conflict with "x"', field: ".spec.addresses" }],
      },
      code: 409,
    });
  });

  test("golden: without a field manager", () => {
    expect(refusal(() => applyPool(undefined, "", { manager: "" }))).toMatchObject({
      code: 422,
      reason: "Invalid",
      message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      details: {
        group: "meta.k8s.io",
        kind: "PatchOptions",
        causes: [
          {
            reason: "FieldValueRequired",
            message: "Required value: is required for apply patch",
            field: "fieldManager",
          },
        ],
      },
    });
  });

  test("several conflicts are listed by manager, with the time of updates", () => {
    const base = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s" },
      spec: { type: "LoadBalancer", clusterIP: "a" },
    };
    const one = trackUpdate({ before: undefined, after: base, manager: "u", apiVersion: "v1", now: NOW });
    const two = applyService(one, { spec: { ports: [{ port: 80, targetPort: 1 }] } }, { manager: "a" });
    const status = refusal(() =>
      applyService(
        two,
        { spec: { type: "NodePort", clusterIP: "b", ports: [{ port: 80, targetPort: 2 }] } },
        { manager: "b" },
      ),
    );
    expect(status.message).toBe(
      [
        'Apply failed with 3 conflicts: conflicts with "a":',
        '- .spec.ports[port=80,protocol="TCP"].targetPort',
        `conflicts with "u" using v1 at ${NOW}:`,
        "- .spec.clusterIP",
        "- .spec.type",
      ].join("\n"),
    );
    expect(status.details?.causes).toHaveLength(3);
  });

  test("force takes over", () => {
    const pool = applyPool(undefined, "spec: {addresses: [1.2.3.0/24], autoAssign: true}");
    const taken = applyPool(pool, "spec: {addresses: ['fd00::/64']}", { manager: "y", force: true, now: LATER });
    expect(taken["spec"]).toEqual({ addresses: ["fd00::/64"], autoAssign: true });
    expect(managedFields(taken).map((m) => [m["manager"], m["fieldsV1"]])).toEqual([
      ["x", { "f:spec": { "f:autoAssign": {} } }],
      ["y", { "f:spec": { "f:addresses": {} } }],
    ]);
  });

  test("the same value is owned together; a field goes when its last owner leaves it out", () => {
    const spec = "spec: {addresses: [1.2.3.0/24], autoAssign: false}";
    const both = applyPool(applyPool(undefined, spec), spec, { manager: "y" });
    const one = applyPool(both, "spec: {addresses: [1.2.3.0/24]}", { manager: "x" });
    expect(one["spec"]).toEqual({ addresses: ["1.2.3.0/24"], autoAssign: false });
    const none = applyPool(one, "spec: {addresses: [1.2.3.0/24]}", { manager: "y" });
    expect(none["spec"]).toEqual({ addresses: ["1.2.3.0/24"] });
  });

  test("ports are merged by port and protocol, and go with everything the server added to them", () => {
    const tcp = { port: 80, targetPort: 8080 };
    const udp = { port: 80, protocol: "UDP", targetPort: 8080 };
    const one = applyService(undefined, { spec: { ports: [tcp, udp] } });
    const ports = ((one["spec"] as Json)["ports"] as Json[]).map((p, i) => ({
      protocol: "TCP",
      ...p,
      nodePort: 30_000 + i,
    }));
    const served = { ...one, spec: { ...(one["spec"] as Json), ports, clusterIP: "10.96.0.1" } };
    const two = applyService(served, { spec: { ports: [udp] } });
    expect(two["spec"]).toEqual({ ports: [{ ...udp, nodePort: 30_001 }], clusterIP: "10.96.0.1" });
  });

  test("labels are merged one by one, an atomic selector as a whole", () => {
    const one = applyService(undefined, { spec: { selector: { a: "1", b: "2" } } }, {}, { labels: { a: "1", b: "2" } });
    const two = applyService(one, { spec: { selector: { a: "1" } } }, {}, { labels: { a: "1" } });
    expect(two["spec"]).toEqual({ selector: { a: "1" } });
    expect(two["metadata"]).toMatchObject({ labels: { a: "1" } });
    expect((two["metadata"] as { labels: object }).labels).not.toHaveProperty("b");
  });

  test("finalizers are a set", () => {
    const one = applyService(undefined, {}, { manager: "a" }, { finalizers: ["x/a"] });
    const two = applyService(one, {}, { manager: "b" }, { finalizers: ["x/b"] });
    expect(two["metadata"]).toMatchObject({ finalizers: ["x/a", "x/b"] });
    const three = applyService(two, {}, { manager: "a" });
    expect(three["metadata"]).toMatchObject({ finalizers: ["x/b"] });
  });

  test("status belongs to /status", () => {
    const one = applyService(undefined, { status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } } });
    expect(managedFields(one)).toBeUndefined();
    const two = applyService(
      one,
      { status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } } },
      { subresource: "status" },
    );
    expect(managedFields(two)[0]).toMatchObject({
      subresource: "status",
      fieldsV1: { "f:status": { "f:loadBalancer": { "f:ingress": {} } } },
    });
  });

  test("an object from before any tracking has an owner", () => {
    const untracked = { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { type: "ClusterIP" } };
    const status = refusal(() => applyService(untracked, { spec: { type: "NodePort" } }));
    expect(status.message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .spec.type',
    );
  });

  test("kubectl takes over what it applied client-side, as long as nobody changed it since", () => {
    const applied = { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { type: "LoadBalancer" } };
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(applied) };
    const after = { ...applied, metadata: { ...applied.metadata, annotations } };
    const manager = "kubectl-client-side-apply";
    const stored = trackUpdate({ before: undefined, after, manager, apiVersion: "v1", now: NOW });
    const taken = applyService(stored, { spec: { type: "NodePort" } }, { manager: "kubectl" });
    expect(taken["spec"]).toEqual({ type: "NodePort" });
    const drifted = { ...stored, spec: { type: "ClusterIP" } };
    expect(refusal(() => applyService(drifted, { spec: { type: "NodePort" } }, { manager: "kubectl" })).code).toBe(409);
  });

  test("kubectl renews the annotation of an earlier client-side apply, another manager doesn't, nor does it appear", () => {
    const annotation = "kubectl.kubernetes.io/last-applied-configuration";
    const annotated = (object: Json): unknown =>
      ((object["metadata"] as Json)["annotations"] as Json | undefined)?.[annotation];
    const metadata = { name: "s", annotations: { [annotation]: "{}" } };
    const stored = { apiVersion: "v1", kind: "Service", metadata, spec: { type: "ClusterIP" } };
    const spec = { spec: { type: "LoadBalancer", clusterIP: "fd00::1" } };
    const force = true;
    expect(annotated(applyService(stored, spec, { manager: "kubectl", force }))).toBe(
      '{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"clusterIP":"fd00::1","type":"LoadBalancer"}}\n',
    );
    expect(annotated(applyService(stored, spec, { manager: "x", force }))).toBe("{}");
    expect(annotated(applyService(undefined, spec, { manager: "kubectl" }))).toBeUndefined();
  });

  const spec = fc.record(
    {
      type: fc.constantFrom("ClusterIP", "LoadBalancer"),
      selector: fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2")),
      externalIPs: fc.array(fc.constantFrom("10.0.0.1", "fd00::1"), { maxLength: 2 }),
      ports: fc.uniqueArray(
        fc.record({ port: fc.integer({ min: 1, max: 5 }), targetPort: fc.integer({ min: 1, max: 3 }) }),
        {
          selector: (port) => port.port,
          maxLength: 4,
        },
      ),
    },
    { requiredKeys: [] },
  );

  test("applying twice is applying once", () => {
    fc.assert(
      fc.property(spec, spec, (other, mine) => {
        const stored = applyService(undefined, { spec: other }, { manager: "other" });
        const once = applyService(stored, { spec: mine }, { force: true });
        expect(applyService(once, { spec: mine }, { force: true, now: LATER })).toEqual(once);
      }),
    );
  });

  test("what was applied is there afterwards, and what only I had applied before is not", () => {
    fc.assert(
      fc.property(spec, spec, (before, after) => {
        const one = applyService(undefined, { spec: before });
        const two = applyService(one, { spec: after });
        const bare = (value: object): Json =>
          Object.fromEntries(Object.entries(value).filter(([, v]) => Object.keys(v as object).length > 0));
        const ports = (value: Json): unknown =>
          [...((value["ports"] ?? []) as { port: number }[])].sort((a, b) => a.port - b.port);
        const got = bare(two["spec"] ?? {});
        expect({ ...got, ports: ports(got) }).toEqual({ ...bare(after), ports: ports(after as Json) });
      }),
    );
  });
});
