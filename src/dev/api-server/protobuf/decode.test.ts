import fc from "fast-check";
import protobuf from "protobufjs/minimal.js";
import { describe, expect, test } from "vitest";
import golden from "../../../../test/golden/api-server/kubectl-protobuf.json" with { type: "json" };
import type { Json } from "../objects.ts";
import { coreType, coreTypeName } from "../schema/core-types.ts";
import { StatusError } from "../status.ts";
import { decodeProtobuf } from "./decode.ts";

describe(`bodies of kubectl ${golden.kubectl}`, () => {
  const labels = { app: "web" };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: "nginx", image: "nginx:1", ports: [{ containerPort: 80 }], resources: {} }] },
  };
  const want: Readonly<Record<string, Json>> = {
    "create namespace": { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" }, spec: {}, status: {} },
    "create service loadbalancer": {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", labels },
      spec: {
        ports: [
          { name: "80-8080", protocol: "TCP", port: 80, targetPort: 8080 },
          { name: "443-https", protocol: "TCP", port: 443, targetPort: "https" },
        ],
        selector: labels,
        type: "LoadBalancer",
      },
      status: { loadBalancer: {} },
    },
    "create service clusterip": {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "headless", labels: { app: "headless" } },
      spec: { selector: { app: "headless" }, clusterIP: "None", type: "ClusterIP" },
      status: { loadBalancer: {} },
    },
    "create secret": {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "key" },
      data: { secretkey: Buffer.from("dGVzdA==").toString("base64") },
    },
    "create configmap": { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cm" }, data: { a: "1", b: "" } },
    "create serviceaccount": { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "sa" } },
    "create deployment": {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", labels },
      spec: { replicas: 2, selector: { matchLabels: labels }, template, strategy: {} },
      status: {},
    },
    "create token": {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: { expirationSeconds: 600 },
      status: { token: "" },
    },
    "auth whoami": {
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
      metadata: {},
      status: { userInfo: {} },
    },
    "auth can-i": {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      metadata: {},
      spec: { resourceAttributes: { namespace: "demo", verb: "list", resource: "services" } },
      status: { allowed: false },
    },
  };

  test.each(golden.requests)("$command", ({ command, body }) => {
    const [, expected] = Object.entries(want).find(([prefix]) => command.startsWith(`kubectl ${prefix}`))!;
    const { apiVersion, kind, object } = decodeProtobuf(Buffer.from(body, "base64"));
    expect({ apiVersion, kind }).toEqual({ apiVersion: expected["apiVersion"], kind: expected["kind"] });
    expect(object).toEqual(expected);
  });

  test("every recorded command is looked at", () => {
    expect(golden.requests).toHaveLength(Object.keys(want).length);
  });
});

/** Writes JSON in the wire form of a type, by the same table: the inverse of the decoder, for round trips. */
function encodeStruct(type: string, object: Json): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const field of coreType(type)!.fields) {
    const base = field.t.replace(/^\*/, "");
    if (field.name === "") writer.uint32(tag(field.n, 2)).bytes(encodeStruct(base, object));
    else if (object[field.name] !== undefined) encodeField(writer, field.n, base, object[field.name]);
  }
  return writer.finish();
}

const tag = (number: number, wireType: number): number => (number << 3) | wireType;
const message = (fill: (writer: protobuf.Writer) => void): Uint8Array => {
  const writer = protobuf.Writer.create();
  fill(writer);
  return writer.finish();
};

function encodeField(writer: protobuf.Writer, number: number, type: string, value: unknown): void {
  if (type.startsWith("[]")) {
    for (const item of value as unknown[]) encodeField(writer, number, type.slice(2), item);
  } else if (type.startsWith("{}")) {
    for (const [key, item] of Object.entries(value as Json)) {
      const entry = message((inner) => {
        inner.uint32(tag(1, 2)).string(key);
        encodeField(inner, 2, type.slice(2), item);
      });
      writer.uint32(tag(number, 2)).bytes(entry);
    }
  } else if (type.startsWith("~")) {
    writer.uint32(tag(number, 2)).bytes(message((inner) => encodeField(inner, 1, type.slice(1), value)));
  } else encodeValue(writer, number, type, value);
}

const ENCODERS: Readonly<Record<string, (writer: protobuf.Writer, number: number, value: never) => void>> = {
  string: (w, n, value: string) => w.uint32(tag(n, 2)).string(value),
  bytes: (w, n, value: string) => w.uint32(tag(n, 2)).bytes(Buffer.from(value, "base64")),
  bool: (w, n, value: boolean) => w.uint32(tag(n, 0)).bool(value),
  int32: (w, n, value: number) => w.uint32(tag(n, 0)).int32(value),
  int64: (w, n, value: number) => w.uint32(tag(n, 0)).int64(value),
  double: (w, n, value: number) => w.uint32(tag(n, 1)).double(value),
  quantity: (w, n, value: string) => w.uint32(tag(n, 2)).bytes(message((m) => m.uint32(tag(1, 2)).string(value))),
  raw: encodeJson,
  json: encodeJson,
  fieldsv1: encodeJson,
  time: encodeTime,
  microtime: encodeTime,
  intorstring: (w, n, value: number | string) =>
    w.uint32(tag(n, 2)).bytes(
      message((m) => {
        m.uint32(tag(1, 0)).int32(typeof value === "string" ? 1 : 0);
        m.uint32(tag(2, 0)).int32(typeof value === "string" ? 0 : value);
        m.uint32(tag(3, 2)).string(typeof value === "string" ? value : "");
      }),
    ),
};

function encodeJson(writer: protobuf.Writer, number: number, value: unknown): void {
  writer.uint32(tag(number, 2)).bytes(message((m) => m.uint32(tag(1, 2)).string(JSON.stringify(value))));
}

function encodeTime(writer: protobuf.Writer, number: number, value: string): void {
  const micros = Number(/\.(\d{6})Z$/.exec(value)?.[1] ?? 0);
  writer.uint32(tag(number, 2)).bytes(
    message((m) => {
      m.uint32(tag(1, 0)).int64(Math.floor(Date.parse(value) / 1000));
      m.uint32(tag(2, 0)).int32(micros * 1000);
    }),
  );
}

function encodeValue(writer: protobuf.Writer, number: number, type: string, value: unknown): void {
  const encode = ENCODERS[type];
  if (encode !== undefined) encode(writer, number, value as never);
  else writer.uint32(tag(number, 2)).bytes(encodeStruct(type, value as Json));
}

function envelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const typeMeta = message((m) => m.uint32(tag(1, 2)).string(apiVersion).uint32(tag(2, 2)).string(kind));
  const unknown = message((m) => {
    m.uint32(tag(1, 2)).bytes(typeMeta).uint32(tag(2, 2)).bytes(raw);
    m.uint32(tag(3, 2)).string("").uint32(tag(4, 2)).string("");
  });
  return Buffer.concat([Buffer.from("k8s\0"), unknown]);
}

function roundTrip(apiVersion: string, kind: string, fields: Json): Json {
  const raw = encodeStruct(coreTypeName(apiVersion, kind)!, fields);
  return decodeProtobuf(envelope(apiVersion, kind, raw)).object;
}

describe("round trips", () => {
  test.each<[string, string, Json]>([
    [
      "v1",
      "Service",
      {
        spec: { clusterIPs: ["10.96.0.1", "fd00::1"], healthCheckNodePort: 30_000 },
        status: { loadBalancer: { ingress: [{ ip: "fd00::1", ipMode: "VIP" }] } },
      },
    ],
    [
      "v1",
      "Event",
      {
        metadata: {},
        involvedObject: { kind: "Service" },
        source: {},
        count: 3,
        firstTimestamp: "2026-11-21T10:12:09Z",
        eventTime: "2026-01-01T00:00:00.000001Z",
        reportingComponent: "",
        reportingInstance: "",
      },
    ],
    [
      "events.k8s.io/v1",
      "Event",
      { metadata: {}, regarding: {}, deprecatedSource: {}, eventTime: "2026-01-01T00:00:00.123456Z", note: "n" },
    ],
    [
      "coordination.k8s.io/v1",
      "Lease",
      {
        metadata: {},
        spec: { holderIdentity: "a", leaseDurationSeconds: 15, renewTime: "2026-01-01T00:00:00.000000Z" },
      },
    ],
    [
      "discovery.k8s.io/v1",
      "EndpointSlice",
      {
        metadata: {},
        addressType: "IPv6",
        endpoints: [{ addresses: ["fd00::1"], conditions: { ready: false }, nodeName: "n1" }],
        ports: [{ name: "", port: 80, protocol: "TCP" }],
      },
    ],
    ["v1", "Endpoints", { metadata: {}, subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }] }],
    [
      "v1",
      "Node",
      {
        metadata: { labels: { a: "" } },
        spec: { podCIDRs: ["10.1.0.0/16", "fd01::/64"], unschedulable: true },
        status: {
          capacity: { cpu: "2", memory: "4Gi" },
          daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
          nodeInfo: {},
        },
      },
    ],
    [
      "v1",
      "Pod",
      {
        metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "n", uid: "u", controller: false }] },
        spec: {
          containers: [
            {
              name: "c",
              resources: { limits: { cpu: "1" } },
              livenessProbe: { httpGet: { port: "http" }, periodSeconds: 5 },
            },
          ],
          volumes: [{ name: "v", secret: { secretName: "s" } }],
        },
        status: {},
      },
    ],
    [
      "apps/v1",
      "DaemonSet",
      {
        metadata: {},
        spec: {
          selector: {},
          template: { metadata: {}, spec: { containers: [] } },
          updateStrategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } },
        },
        status: { currentNumberScheduled: 0, desiredNumberScheduled: 3, numberMisscheduled: 0, numberReady: 0 },
      },
    ],
    [
      "authentication.k8s.io/v1",
      "TokenReview",
      { metadata: {}, spec: { token: "t" }, status: { user: { username: "u", extra: { k: ["a", "b"] } } } },
    ],
    [
      "authorization.k8s.io/v1",
      "SubjectAccessReview",
      {
        metadata: {},
        spec: { nonResourceAttributes: { path: "/metrics", verb: "get" }, groups: ["g"] },
        status: { allowed: false },
      },
    ],
    [
      "policy/v1",
      "Eviction",
      { metadata: { name: "p" }, deleteOptions: { gracePeriodSeconds: 0, preconditions: { uid: "u" } } },
    ],
    ["autoscaling/v1", "Scale", { metadata: {}, spec: { replicas: 3 }, status: { replicas: 0 } }],
    ["metallb.io/v1beta1", "DeleteOptions", { gracePeriodSeconds: 0, propagationPolicy: "Background" }],
  ])("%s %s", (apiVersion, kind, fields) => {
    const got = roundTrip(apiVersion, kind, fields);
    expect(got).toMatchObject({ apiVersion, kind, ...dropEmptyLists(fields) });
  });

  /** An empty list has no wire form. */
  function dropEmptyLists<T>(value: T): T {
    if (Array.isArray(value)) return value.map((item: unknown) => dropEmptyLists(item)) as T;
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(([, item]) => !(Array.isArray(item) && item.length === 0));
    return Object.fromEntries(entries.map(([key, item]) => [key, dropEmptyLists(item as unknown)])) as T;
  }

  test("managed fields keep their JSON", () => {
    const managedFields = [{ manager: "m", fieldsV1: { "f:spec": { ".": {} } }, time: "2026-11-21T10:12:09Z" }];
    expect(roundTrip("v1", "ConfigMap", { metadata: { managedFields } })).toMatchObject({
      metadata: { managedFields },
    });
  });

  test("a map may have any key", () => {
    const data = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Json;
    const decoded = roundTrip("v1", "ConfigMap", { metadata: {}, data })["data"] as Json;
    expect(Object.entries(decoded)).toEqual(Object.entries(data));
  });

  test("zero values that JSON leaves out are dropped, those behind pointers are kept", () => {
    const spec = {
      type: "",
      ports: [{ port: 0, name: "", nodePort: 0, targetPort: 0 }],
      allocateLoadBalancerNodePorts: false,
    };
    expect(roundTrip("v1", "Service", { metadata: { name: "" }, spec })).toMatchObject({
      metadata: {},
      spec: { ports: [{ port: 0 }], allocateLoadBalancerNodePorts: false },
    });
    expect(roundTrip("v1", "Service", { spec })["spec"]).not.toHaveProperty("type");
  });
});

describe("malformed bodies", () => {
  const service = Buffer.from(golden.requests[1]!.body, "base64");

  function refusal(bytes: Uint8Array): number {
    try {
      decodeProtobuf(bytes);
    } catch (thrown) {
      if (thrown instanceof StatusError) return thrown.status.code;
      throw thrown;
    }
    return 200;
  }

  test.each<[string, Uint8Array, number]>([
    ["nothing", new Uint8Array(), 400],
    ["JSON", Buffer.from("{}"), 400],
    ["magic alone", Buffer.from("k8s\0"), 415],
    ["an unknown kind", envelope("metallb.io/v1beta1", "IPAddressPool", new Uint8Array()), 415],
    ["a CRD", envelope("apiextensions.k8s.io/v1", "CustomResourceDefinition", new Uint8Array()), 415],
    ["a length beyond the end", envelope("v1", "Service", new Uint8Array([0x0a, 0xff, 0x01])), 400],
    ["a varint without end", envelope("v1", "Service", new Uint8Array(20).fill(0xff)), 400],
    ["a group", envelope("v1", "Service", new Uint8Array([0x0b, 0x0c])), 400],
    ["an unknown group", envelope("v1", "Service", new Uint8Array([0xfb, 0x01, 0xfc, 0x01])), 400],
    ["a number where a message belongs", envelope("v1", "Service", new Uint8Array([0x08, 0x01])), 400],
    ["a string that is no UTF-8", envelope("v1", "Namespace", new Uint8Array([0x0a, 0x03, 0x0a, 0x01, 0xff])), 400],
    ["too large", new Uint8Array(3 * 1024 * 1024 + 1), 413],
  ])("%s", (_name, bytes, code) => {
    expect(refusal(bytes)).toBe(code);
  });

  test("unknown fields are skipped", () => {
    const raw = message((m) => m.uint32(tag(999, 2)).string("new").uint32(tag(998, 0)).int32(7));
    expect(refusal(envelope("v1", "Service", raw))).toBe(200);
  });

  test("a body that ends within the object is refused", () => {
    // Before the object come the magic and the type, behind it two empty strings of two bytes each.
    const min = 4 + 2 + service[5]! + 1;
    fc.assert(
      fc.property(fc.integer({ min, max: service.length - 5 }), (end) => {
        expect(refusal(service.subarray(0, end))).toBe(400);
      }),
    );
  });

  test("changed bytes give an object or a refusal, nothing else", () => {
    fc.assert(
      fc.property(fc.nat(service.length - 1), fc.nat(255), (place, byte) => {
        const bytes = Uint8Array.from(service);
        bytes[place] = byte;
        expect([200, 400, 415]).toContain(refusal(bytes));
      }),
      { numRuns: 2_000 },
    );
  });
});
