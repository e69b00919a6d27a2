import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { eventually, startApiServerLab } from "../support/api-server-lab.ts";
import type { RawApiClient } from "../support/raw-api-client.ts";
import type { WebhookCall } from "../support/webhook-server.ts";
import { WebhookServer } from "../support/webhook-server.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const THINGS = (version: "v1" | "v2"): string => `/apis/example.org/${version}/namespaces/default/things`;
const FAILED = "conversion webhook for example.org";

let lab: ApiServerLab;
let api: RawApiClient;
let hook: WebhookServer;

beforeAll(async () => {
  hook = await WebhookServer.start(["things.default.svc"]);
  lab = await startApiServerLab({ services: { "default/things": hook.url } });
  api = lab.api;
  await api.post(CRDS, definition());
});

afterAll(async () => {
  await lab.close();
  await hook.close();
});

beforeEach(async () => {
  hook.handler = convert;
  await api.delete(THINGS("v2"));
  hook.calls.length = 0;
});

type Spec = Readonly<Record<string, unknown>>;

/** In v1 a thing has a size of `3cm`, in v2 a number of millimetres and a colour. */
function definition(): object {
  const version = (name: string, storage: boolean, properties: object) => ({
    name,
    served: true,
    storage,
    ...(storage ? {} : { deprecated: true }),
    subresources: { status: {} },
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: {
          spec: { type: "object", properties },
          status: { type: "object", properties: { seen: { type: "boolean" } } },
        },
      },
    },
  });
  return {
    metadata: { name: "things.example.org" },
    spec: {
      group: "example.org",
      names: { kind: "Thing", plural: "things" },
      scope: "Namespaced",
      versions: [
        version("v1", false, { size: { type: "string" } }),
        version("v2", true, { millimetres: { type: "integer" }, colour: { type: "string", default: "red" } }),
      ],
      conversion: {
        strategy: "Webhook",
        webhook: {
          conversionReviewVersions: ["v1"],
          clientConfig: {
            service: { namespace: "default", name: "things", path: "/convert" },
            caBundle: hook.caBundle,
          },
        },
      },
    },
  };
}

function toOther(spec: Spec, apiVersion: string): Spec {
  if (apiVersion === "example.org/v1") return { size: `${Number(spec["millimetres"]) / 10}cm`, unknown: true };
  return { millimetres: Number.parseFloat(String(spec["size"])) * 10 };
}

function convert({ review }: WebhookCall): object {
  const { desiredAPIVersion, objects } = review.request;
  const convertedObjects = objects.map((object: { metadata: object; spec: Spec }) => ({
    ...object,
    apiVersion: desiredAPIVersion,
    // Only labels and annotations of this count.
    metadata: { ...object.metadata, generation: 99, labels: { converted: "yes" } },
    spec: toOther(object.spec, desiredAPIVersion),
  }));
  return { result: { status: "Success" }, convertedObjects };
}

const thing = (name: string, spec: Spec): object => ({ metadata: { name }, spec });

describe("an object in a version that is not stored", () => {
  test("is written in one and read in the other", async () => {
    const created = await api.post(THINGS("v1"), thing("a", { size: "3cm" }));
    expect(created.code).toBe(201);
    expect(created.json).toMatchObject({
      apiVersion: "example.org/v1",
      spec: { size: "3cm" },
      metadata: { generation: 1 },
    });
    expect(created.headers["warning"]).toBe('299 - "example.org/v1 Thing is deprecated"');
    const { json } = await api.get(`${THINGS("v2")}/a`);
    // The default of the stored version appears when it is read.
    expect(json).toMatchObject({ apiVersion: "example.org/v2", spec: { millimetres: 30, colour: "red" } });
    expect(json.metadata).toMatchObject({
      labels: { converted: "yes" },
      uid: created.json.metadata.uid,
      generation: 1,
    });
    const { review, path } = hook.calls[0]!;
    expect(path).toBe("/convert?timeout=30s");
    expect(review).toMatchObject({
      kind: "ConversionReview",
      apiVersion: "apiextensions.k8s.io/v1",
      request: {
        desiredAPIVersion: "example.org/v2",
        objects: [{ apiVersion: "example.org/v1", spec: { size: "3cm" } }],
      },
    });
  });

  test("loses what the webhook returns beyond the schema", async () => {
    await api.post(THINGS("v2"), thing("a", { millimetres: 40 }));
    expect((await api.get(`${THINGS("v1")}/a`)).json.spec).toEqual({ size: "4cm" });
  });

  test("is not shown to the webhook in the version that it has", async () => {
    await api.post(THINGS("v2"), thing("a", { millimetres: 40 }));
    await api.get(THINGS("v2"));
    expect(hook.calls).toEqual([]);
  });

  test.each([
    { type: "merge" as const, patch: { spec: { size: "5cm" } } },
    { type: "json" as const, patch: [{ op: "replace", path: "/spec/size", value: "5cm" }] },
    {
      type: "apply" as const,
      patch: { apiVersion: "example.org/v1", kind: "Thing", metadata: { name: "a" }, spec: { size: "5cm" } },
    },
  ])("takes a $type patch", async ({ type, patch }) => {
    await api.post(THINGS("v2"), thing("a", { millimetres: 40 }));
    const query = type === "apply" ? "?fieldManager=me&force=true" : "";
    const { code, json } = await api.patch(`${THINGS("v1")}/a${query}`, type, patch);
    expect(code).toBe(200);
    expect(json).toMatchObject({ apiVersion: "example.org/v1", spec: { size: "5cm" }, metadata: { generation: 2 } });
    expect((await api.get(`${THINGS("v2")}/a`)).json.spec.millimetres).toBe(50);
  });

  test("is created by server-side apply, has a status, is replaced and deleted", async () => {
    const body = { apiVersion: "example.org/v1", kind: "Thing", metadata: { name: "a" }, spec: { size: "1cm" } };
    const applied = await api.patch(`${THINGS("v1")}/a?fieldManager=me`, "apply", body);
    expect(applied.code).toBe(201);
    expect(applied.json.metadata.managedFields).toMatchObject([{ manager: "me", apiVersion: "example.org/v1" }]);
    const status = await api.patch(`${THINGS("v1")}/a/status`, "merge", { status: { seen: true } });
    expect(status.json).toMatchObject({ spec: { size: "1cm" }, status: { seen: true } });
    const replaced = await api.put(`${THINGS("v1")}/a`, { ...status.json, spec: { size: "2cm" } });
    expect(replaced.json).toMatchObject({ spec: { size: "2cm" }, status: { seen: true } });
    expect((await api.delete(`${THINGS("v1")}/a`)).json).toMatchObject({ kind: "Status", status: "Success" });
  });

  test("is not written again when nothing changes", async () => {
    const created = await api.post(THINGS("v1"), thing("a", { size: "3cm" }));
    const { json } = await api.patch(`${THINGS("v1")}/a`, "merge", { spec: { size: "3cm" } });
    expect(json.metadata.resourceVersion).toBe(created.json.metadata.resourceVersion);
  });
});

describe("many objects", () => {
  test("are converted a hundred at a time, in order", async () => {
    const names = Array.from({ length: 250 }, (_, i) => `t-${String(i).padStart(3, "0")}`);
    for (const [i, name] of names.entries()) await api.post(THINGS("v2"), thing(name, { millimetres: i }));
    const { json } = await api.get(THINGS("v1"));
    expect(json.apiVersion).toBe("example.org/v1");
    expect(json.items.map(({ spec }: { spec: Spec }) => spec["size"])).toEqual(names.map((_, i) => `${i / 10}cm`));
    expect(hook.calls.map(({ review }) => review.request.objects.length)).toEqual([100, 100, 50]);
  });

  test("are watched in order, however long the webhook takes", async () => {
    await api.post(THINGS("v2"), thing("before", { millimetres: 0 }));
    let delay = 40;
    hook.handler = async (call) => {
      await new Promise((resolve) => setTimeout(resolve, (delay -= 10)));
      return convert(call);
    };
    const watching = api.watch(`${THINGS("v1")}?watch=1&resourceVersion=0&allowWatchBookmarks=true`, { enough: 5 });
    await eventually(
      () => Promise.resolve(lab.server.requestCounts["watch things.example.org"]),
      (count) => count === 1,
    );
    await api.post(THINGS("v2"), thing("a", { millimetres: 10 }));
    await api.patch(`${THINGS("v2")}/a`, "merge", { spec: { millimetres: 20 } });
    await api.delete(`${THINGS("v2")}/a`);
    const { events } = await watching;
    const seen = events.map(({ type, object }) => [type, object.apiVersion, object.spec?.size]);
    expect(seen).toEqual([
      ["ADDED", "example.org/v1", "0cm"],
      ["BOOKMARK", "example.org/v1", undefined],
      ["ADDED", "example.org/v1", "1cm"],
      ["MODIFIED", "example.org/v1", "2cm"],
      ["DELETED", "example.org/v1", "2cm"],
    ]);
  });
});

describe("a conversion webhook that fails", () => {
  const returned = (change: (object: Record<string, unknown>) => object) => (call: WebhookCall) => ({
    result: { status: "Success" },
    convertedObjects: (convert(call) as { convertedObjects: Record<string, unknown>[] }).convertedObjects.map(change),
  });

  test.each([
    {
      name: "says why",
      handler: () => ({ result: { status: "Failure", message: "too old" } }),
      why: "failed: too old",
    },
    { name: "does not say why", handler: () => ({}), why: 'failed: response.result.status was "", not "Success"' },
    {
      name: "answers 503",
      handler: () => new Response("", { status: 503 }),
      why: "failed: the server is currently unable to handle the request",
    },
    {
      name: "loses objects",
      handler: () => ({ result: { status: "Success" }, convertedObjects: [] }),
      why: "returned 0 objects, expected 1",
    },
    {
      name: "does not convert",
      handler: returned((object) => ({ ...object, apiVersion: "example.org/v2" })),
      why: "returned invalid object at index 0: invalid groupVersion (expected example.org/v1, received example.org/v2)",
    },
    {
      name: "renames",
      handler: returned((object) => ({ ...object, metadata: { ...(object["metadata"] as object), name: "b" } })),
      why: "returned invalid converted object: must have the same name: b != a",
    },
  ])("and $name is quoted", async ({ handler, why }) => {
    await api.post(THINGS("v2"), thing("a", { millimetres: 10 }));
    hook.handler = handler;
    const message = `${FAILED}/v2, Kind=Thing ${why}`;
    const expected = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: 500 };
    expect((await api.get(`${THINGS("v1")}/a`)).json).toEqual(expected);
    expect((await api.get(THINGS("v1"))).json).toEqual(expected);
    const { events } = await api.watch(`${THINGS("v1")}?watch=1`);
    expect(events).toEqual([{ type: "ERROR", object: expected }]);
    expect((await api.get(`${THINGS("v2")}/a`)).code).toBe(200);
  });

  test("keeps new objects of its version out", async () => {
    hook.handler = () => ({ result: { status: "Failure", message: "no" } });
    const { json } = await api.post(THINGS("v1"), thing("a", { size: "1cm" }));
    expect(json.message).toBe(`${FAILED}/v1, Kind=Thing failed: no`);
    expect((await api.get(`${THINGS("v2")}/a`)).code).toBe(404);
  });
});

test("a rule for one version sees requests in the other, converted", async () => {
  const clientConfig = { service: { namespace: "default", name: "things", path: "/admit" }, caBundle: hook.caBundle };
  const rules = [{ operations: ["*"], apiGroups: ["example.org"], apiVersions: ["v2"], resources: ["things"] }];
  const webhook = { name: "a.b.c", admissionReviewVersions: ["v1"], sideEffects: "None", clientConfig, rules };
  const created = await api.post(CONFIGURATIONS, { metadata: { name: "things" }, webhooks: [webhook] });
  expect(created.code).toBe(201);
  hook.handler = (call) => {
    if (call.path.startsWith("/convert")) return convert(call);
    return { allowed: call.review.request.object.spec.millimetres < 100, status: { message: "too large", code: 403 } };
  };
  const { code, json } = await api.post(THINGS("v1"), thing("a", { size: "10cm" }));
  expect(code).toBe(403);
  expect(json.message).toBe('admission webhook "a.b.c" denied the request: too large');
  const { request } = hook.calls.find(({ path }) => path.startsWith("/admit"))!.review;
  expect(request).toMatchObject({
    kind: { group: "example.org", version: "v2", kind: "Thing" },
    resource: { group: "example.org", version: "v2", resource: "things" },
    requestKind: { group: "example.org", version: "v1", kind: "Thing" },
    requestResource: { group: "example.org", version: "v1", resource: "things" },
    object: { apiVersion: "example.org/v2", spec: { millimetres: 100 } },
  });
  await api.delete(`${CONFIGURATIONS}/things`);
});

test("a definition that changes ends the watches of its resources", async () => {
  const watching = api.watch(`${THINGS("v2")}?watch=1&resourceVersion=0`);
  const seen = lab.server.requestCounts["watch things.example.org"] ?? 0;
  await eventually(
    () => Promise.resolve(lab.server.requestCounts["watch things.example.org"] ?? 0),
    (count) => count > seen,
  );
  await api.patch(`${CRDS}/things.example.org`, "merge", {
    spec: { conversion: { webhook: { clientConfig: { service: { port: 9443 } } } } },
  });
  expect((await watching).code).toBe(200);
});

test.each([
  { conversion: { strategy: "Sometimes" }, field: "spec.conversion.strategy" },
  { conversion: { strategy: "Webhook" }, field: "spec.conversion.webhook.clientConfig" },
  { conversion: { strategy: "None", webhook: { conversionReviewVersions: ["v1"] } }, field: "spec.conversion.webhook" },
  {
    conversion: {
      strategy: "Webhook",
      webhook: { conversionReviewVersions: ["v9"], clientConfig: { url: "https://x/" } },
    },
    field: "spec.conversion.webhook.conversionReviewVersions",
  },
])("a definition with conversion $conversion is refused at $field", async ({ conversion, field }) => {
  const { spec } = definition() as { spec: object };
  const { code, json } = await api.post(CRDS, {
    metadata: { name: "things.example.org" },
    spec: { ...spec, conversion },
  });
  expect(code).toBe(422);
  expect(json.details.causes.map((cause: { field: string }) => cause.field)).toContain(field);
});
