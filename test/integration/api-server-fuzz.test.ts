import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { record } from "../../src/dev/api-server/objects.ts";
import { startApiServerLab } from "../support/api-server-lab.ts";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { POOLS, SERVICES, pool, service } from "../support/golden-probes.ts";

let lab: ApiServerLab;

beforeAll(async () => {
  lab = await startApiServerLab();
});

afterAll(() => lab.close());

const TARGETS = [
  {
    collection: SERVICES,
    valid: service("fuzz", { sessionAffinity: "None", ipFamilies: ["IPv4"], clusterIPs: ["10.96.3.3"] }),
  },
  {
    collection: POOLS,
    valid: pool("fuzz", { addresses: ["10.0.0.0/24"], autoAssign: true, serviceAllocation: { priority: 1 } }),
  },
  {
    collection: "/api/v1/namespaces/default/pods",
    valid: {
      metadata: { name: "fuzz" },
      spec: { containers: [{ name: "c", ports: [{ containerPort: 1 }] }] },
      status: {},
    },
  },
  {
    collection: "/apis/apps/v1/namespaces/default/deployments",
    valid: {
      metadata: { name: "fuzz" },
      spec: {
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "b" } }, spec: { containers: [] } },
      },
    },
  },
  {
    collection: "/api/v1/namespaces/default/events",
    valid: { metadata: { name: "fuzz" }, involvedObject: { name: "x" } },
  },
  {
    collection: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    valid: {
      metadata: { name: "as.b.c" },
      spec: {
        group: "b.c",
        scope: "Cluster",
        names: { plural: "as", kind: "A" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    },
  },
] as const;

/** Every path into a JSON value. */
function paths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => paths(item, [...path, key]))];
}

function replaced(value: unknown, path: readonly string[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

const ODD = fc.oneof(
  fc.constantFrom(null, "", 0, -1, 1e300, true, [], {}, [null], [[]], [{}], { a: null }, "None", "\u0000", "a/b/c"),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A valid object in which one value somewhere is replaced by anything, as sent by a client that is confused. */
const REQUEST = fc.constantFrom(...TARGETS).chain(({ collection, valid }) =>
  fc.record({
    collection: fc.constant(collection),
    name: fc.constant(String(record(valid.metadata)["name"])),
    body: fc.tuple(fc.constantFrom(...paths(valid)), ODD).map(([path, by]) => replaced(valid, path, by)),
    how: fc.constantFrom("create", "replace", "merge", "strategic-merge", "json", "apply"),
  }),
);

test(
  "no request makes the server fail: what it refuses is a client's error with a Status",
  { timeout: 120_000 },
  async () => {
    const { api } = lab;
    await fc.assert(
      fc.asyncProperty(REQUEST, async ({ collection, name, body, how }) => {
        const one = `${collection}/${name}`;
        if (how === "create") await api.delete(one);
        else for (const { collection: other, valid } of TARGETS) if (other === collection) await api.post(other, valid);
        const answer =
          how === "create"
            ? await api.post(collection, JSON.stringify(body))
            : how === "replace"
              ? await api.put(one, JSON.stringify(body))
              : await api.patch(how === "apply" ? `${one}?fieldManager=f&force=true` : one, how, JSON.stringify(body));
        if (answer.code < 300) return;
        expect(answer.json).toMatchObject({ kind: "Status", status: "Failure", code: answer.code });
        const expected =
          answer.code < 500 || answer.json.message === "resourceVersion should not be set on objects to be created";
        expect(expected, `${answer.code} ${answer.json.message}`).toBe(true);
      }),
      { numRuns: 1500 },
    );
    for (const { collection } of TARGETS) {
      for (const accept of ["application/json", "application/json;as=Table;v=v1;g=meta.k8s.io"]) {
        expect((await api.get(collection, { accept })).code).toBe(200);
      }
    }
  },
);
