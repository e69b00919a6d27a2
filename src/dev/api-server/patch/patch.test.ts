import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StatusError } from "../status.ts";
import type { PatchInput } from "./patch.ts";
import { applyPatch } from "./patch.ts";

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name: "nginx",
    labels: { a: "1", b: "2" },
    finalizers: ["x/1", "x/2"],
    ownerReferences: [{ uid: "u1", kind: "Pod" }],
  },
  spec: {
    selector: { app: "nginx" },
    ports: [
      { name: "http", port: 80, protocol: "TCP", nodePort: 30080 },
      { name: "https", port: 443, protocol: "TCP", nodePort: 30443 },
    ],
  },
  status: { conditions: [{ type: "A", status: "True", reason: "r" }] },
};

type Overrides = Partial<Omit<PatchInput, "body">>;

function patch(type: string, body: unknown, overrides: Overrides = {}): Record<string, never> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return applyPatch({
    contentType: `application/${type}`,
    body: text,
    current: service,
    apiVersion: "v1",
    kind: "Service",
    isCustomResource: false,
    fieldManager: "test",
    force: false,
    now: "2026-11-21T12:00:00Z",
    ...overrides,
  }) as Record<string, never>;
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

const strategic = (body: unknown): Record<string, never> => patch("strategic-merge-patch+json", body);

describe("content types", () => {
  test("golden: strategic patch of a custom resource", () => {
    const status = refusal(() => patch("strategic-merge-patch+json", {}, { isCustomResource: true }));
    expect(status).toMatchObject({
      code: 415,
      reason: "UnsupportedMediaType",
      message:
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    });
  });

  test("a parameter of the content type is ignored", () => {
    expect(patch("merge-patch+json; charset=utf-8", { spec: null })["spec"]).toBeUndefined();
  });

  test.each([
    ["merge-patch+json", "{bad", 400],
    ["merge-patch+json", "[]", 400],
    ["merge-patch+json", `{"__proto__":{"x":1}}`, 400],
    ["merge-patch+json", `${`{"a":`.repeat(200)}1${"}".repeat(200)}`, 400],
    ["strategic-merge-patch+json", "null", 400],
    ["json-patch+json", "{}", 400],
    ["json-patch+json", `[{"op":"frob","path":"/a"}]`, 400],
    ["json-patch+json", JSON.stringify(Array.from({ length: 10_001 }, () => ({ op: "remove", path: "/a" }))), 413],
    ["json-patch+json", `[{"op":"test","path":"/metadata/name","value":"other"}]`, 422],
    ["json-patch+json", `[{"op":"remove","path":"/nope"}]`, 422],
    ["json-patch+json", `[{"op":"add","path":"/__proto__/x","value":1}]`, 422],
    ["json-patch+json", `[{"op":"replace","path":"","value":1}]`, 422],
    ["apply-patch+yaml", "a: [", 400],
    ["apply-patch+yaml", "- a", 400],
    ["apply-patch+yaml", "{apiVersion: v2, kind: Service}", 400],
    ["text/plain", "{}", 415],
  ])("%s %.40s is refused with %i", (type, body, code) => {
    expect(refusal(() => patch(type, body)).code).toBe(code);
  });

  test("bodies that are no UTF-8 are refused", () => {
    const body = new Uint8Array([0x7b, 0xff, 0x7d]);
    const input = { contentType: "application/merge-patch+json", body, current: service, apiVersion: "v1" };
    const rest = { kind: "Service", isCustomResource: false, fieldManager: "t", force: false, now: "" };
    expect(refusal(() => applyPatch({ ...input, ...rest })).code).toBe(400);
  });
});

describe("JSON patch", () => {
  test("operations in order, and the stored object stays as it is", () => {
    const before = JSON.stringify(service);
    const result = patch("json-patch+json", [
      { op: "test", path: "/metadata/name", value: "nginx" },
      { op: "add", path: "/metadata/labels/c~1d", value: "3" },
      { op: "remove", path: "/spec/ports/0" },
    ]);
    expect(result).toMatchObject({ metadata: { labels: { "c/d": "3" } }, spec: { ports: [{ port: 443 }] } });
    expect(JSON.stringify(service)).toBe(before);
  });
});

describe("merge patch", () => {
  // RFC 7396, appendix A.
  test.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j and %j", (current, body, want) => {
    expect(patch("merge-patch+json", body, { current })).toEqual(want);
  });
});

describe("strategic merge patch", () => {
  test("ports are merged by port, in the order that kubectl asks for", () => {
    const result = strategic({
      spec: {
        "$setElementOrder/ports": [{ port: 443 }, { port: 81 }],
        ports: [
          { port: 81, targetPort: 8081 },
          { port: 80, $patch: "delete" },
          { port: 443, name: "tls" },
        ],
      },
    });
    expect(result["spec"]).toEqual({
      selector: { app: "nginx" },
      ports: [
        { name: "tls", port: 443, protocol: "TCP", nodePort: 30443 },
        { port: 81, targetPort: 8081 },
      ],
    });
  });

  test.each<[string, object, object]>([
    ["null deletes", { metadata: { labels: { a: null } } }, { metadata: { labels: { b: "2" } } }],
    [
      "finalizers are a set",
      { metadata: { finalizers: ["x/2", "x/3"] } },
      { metadata: { finalizers: ["x/1", "x/2", "x/3"] } },
    ],
    [
      "deletion from a primitive list",
      { metadata: { "$deleteFromPrimitiveList/finalizers": ["x/1"], "$setElementOrder/finalizers": ["x/2"] } },
      { metadata: { finalizers: ["x/2"] } },
    ],
    [
      "order alone",
      { spec: { "$setElementOrder/ports": [{ port: 443 }, { port: 80 }] } },
      { spec: { ports: [{ port: 443 }, { port: 80 }] } },
    ],
    [
      "owner references by uid",
      { metadata: { ownerReferences: [{ uid: "u2" }, { uid: "u1", name: "n" }] } },
      { metadata: { ownerReferences: [{ uid: "u1", kind: "Pod", name: "n" }, { uid: "u2" }] } },
    ],
    [
      "conditions by type",
      { status: { conditions: [{ type: "A", status: "False" }, { type: "B" }] } },
      { status: { conditions: [{ type: "A", status: "False", reason: "r" }, { type: "B" }] } },
    ],
    ["replace a map", { metadata: { labels: { $patch: "replace", c: "3" } } }, { metadata: { labels: { c: "3" } } }],
    ["delete a map", { spec: { selector: { $patch: "delete" } } }, { spec: { selector: {} } }],
    ["replace a list", { spec: { ports: [{ $patch: "replace" }, { port: 1 }] } }, { spec: { ports: [{ port: 1 }] } }],
    ["retain keys", { spec: { $retainKeys: ["ports"], selector: null } }, { spec: { ports: service.spec.ports } }],
    ["an atomic list is replaced", { spec: { externalIPs: ["10.0.0.1"] } }, { spec: { externalIPs: ["10.0.0.1"] } }],
    ["nulls in something new are nothing", { spec: { extra: { a: null, b: 1 } } }, { spec: { extra: { b: 1 } } }],
  ])("%s", (_name, body, want) => {
    expect(strategic(body)).toMatchObject(want);
    const [section] = Object.keys(want) as ["metadata"];
    const [field] = Object.keys((want as typeof service)[section]) as ["labels"];
    expect(Object.keys(strategic(body)[section]![field] ?? {})).toEqual(
      Object.keys((want as typeof service)[section][field]),
    );
  });

  test("two ports of one number stay two", () => {
    const ports = ["TCP", "UDP"].map((protocol) => ({ port: 53, protocol, nodePort: 30_053 }));
    const current = { apiVersion: "v1", kind: "Service", spec: { ports } };
    const merge = (body: object): unknown =>
      patch("strategic-merge-patch+json", { spec: body }, { current })["spec"]!["ports"];
    expect(merge({ ports: [{ port: 53, name: "dns" }, { port: 80 }] })).toEqual([
      { ...ports[0], name: "dns" },
      ports[1],
      { port: 80 },
    ]);
    expect(merge({ "$setElementOrder/ports": [{ port: 53 }, { port: 53 }] })).toEqual(ports);
    expect(merge({ ports: [{ port: 53, $patch: "delete" }] })).toEqual([]);
  });

  test("server-only items keep their place before the item that followed them", () => {
    const ports = [1, 2, 3, 4].map((port) => ({ port }));
    const current = { apiVersion: "v1", kind: "Service", spec: { ports } };
    const body = { spec: { "$setElementOrder/ports": [{ port: 4 }, { port: 2 }, { port: 9 }], ports: [{ port: 9 }] } };
    const result = patch("strategic-merge-patch+json", body, { current });
    expect(result["spec"]!["ports"]).toEqual([1, 3, 4, 2, 9].map((port) => ({ port })));
  });

  test.each([
    ["an unknown directive", { spec: { $patch: "frob" } }],
    ["an item without its key", { spec: { ports: [{ name: "x" }] } }],
    ["an item that is no map", { spec: { ports: [80] } }],
    ["an order that is no list", { spec: { "$setElementOrder/ports": 1, ports: [] } }],
    ["retained keys that are no list", { spec: { $retainKeys: "ports" } }],
  ])("%s is refused", (_name, body) => {
    expect(refusal(() => strategic(body)).code).toBe(400);
  });

  /** The patch that kubectl sends to turn one list of ports into another. */
  function portsPatch(before: readonly Port[], after: readonly Port[]): object {
    const gone = before.filter((port) => !after.some((other) => other.port === port.port));
    const changed = after.flatMap((port) => {
      const old = before.find((other) => other.port === port.port);
      if (old === undefined) return [port];
      return old.name === port.name ? [] : [port];
    });
    return {
      "$setElementOrder/ports": after.map(({ port }) => ({ port })),
      ports: [...changed, ...gone.map(({ port }) => ({ port, $patch: "delete" }))],
    };
  }
  interface Port {
    readonly port: number;
    readonly name: string;
  }
  const portList = fc.uniqueArray(
    fc.record({ port: fc.integer({ min: 1, max: 12 }), name: fc.constantFrom("a", "b", "c") }),
    { selector: (port) => port.port },
  );

  test("the patch between two lists turns the one into the other", () => {
    fc.assert(
      fc.property(portList, portList, (before, after) => {
        const current = { apiVersion: "v1", kind: "Service", spec: { ports: before } };
        const result = patch("strategic-merge-patch+json", { spec: portsPatch(before, after) }, { current });
        expect(result["spec"]!["ports"]).toEqual(after);
      }),
    );
  });
});
