import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { startApiServerLab } from "../support/api-server-lab.ts";
import type { RawAnswer, RawApiClient } from "../support/raw-api-client.ts";
import { WebhookServer } from "../support/webhook-server.ts";

const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const SERVICES = "/api/v1/namespaces/default/services";
const HOOK = "hook.example.org";

let lab: ApiServerLab;
let api: RawApiClient;
let hook: WebhookServer;

beforeAll(async () => {
  hook = await WebhookServer.start(["hooks.metallb-system.svc"]);
  lab = await startApiServerLab({ services: { "metallb-system/hooks": hook.url } });
  api = lab.api;
});

afterAll(async () => {
  await lab.close();
  await hook.close();
});

beforeEach(async () => {
  await api.delete(CONFIGURATIONS);
  await api.delete(CONFIG_MAPS);
  hook.calls.length = 0;
  hook.handler = () => ({ allowed: true });
});

function webhook(changes: object = {}): object {
  const service = { namespace: "metallb-system", name: "hooks", path: "/check" };
  return {
    name: HOOK,
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    clientConfig: { service, caBundle: hook.caBundle },
    rules: [{ operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }],
    ...changes,
  };
}

async function register(...webhooks: readonly object[]): Promise<RawAnswer> {
  const answer = await api.post(CONFIGURATIONS, { metadata: { name: "test" }, webhooks });
  expect(answer.code).toBe(201);
  return answer;
}

const configMap = (name: string, rest: object = {}): object => ({ metadata: { name }, ...rest });

describe("a review", () => {
  test("carries what is created, who does it and how", async () => {
    await register(webhook());
    const path = `${CONFIG_MAPS}?dryRun=All&fieldManager=me&fieldValidation=Strict`;
    const { code } = await api.post(path, configMap("a", { data: { key: "value" } }));
    expect(code).toBe(201);
    expect(hook.calls).toHaveLength(1);
    const { path: asked, contentType, review } = hook.calls[0]!;
    expect(asked).toBe("/check?timeout=10s");
    expect(contentType).toBe("application/json");
    expect(review).toMatchObject({
      kind: "AdmissionReview",
      apiVersion: "admission.k8s.io/v1",
      request: {
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        kind: { group: "", version: "v1", kind: "ConfigMap" },
        resource: { group: "", version: "v1", resource: "configmaps" },
        requestKind: { group: "", version: "v1", kind: "ConfigMap" },
        requestResource: { group: "", version: "v1", resource: "configmaps" },
        name: "a",
        namespace: "default",
        operation: "CREATE",
        userInfo: { username: "admin", groups: ["system:masters", "system:authenticated"] },
        object: { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a" }, data: { key: "value" } },
        oldObject: null,
        dryRun: true,
        options: {
          kind: "CreateOptions",
          apiVersion: "meta.k8s.io/v1",
          dryRun: ["All"],
          fieldManager: "me",
          fieldValidation: "Strict",
        },
      },
    });
  });

  test("carries both states of an update and the last one of a deletion", async () => {
    await api.post(CONFIG_MAPS, configMap("a", { data: { key: "old" } }));
    await register(webhook());
    await api.patch(`${CONFIG_MAPS}/a`, "merge", { data: { key: "new" } });
    await api.delete(`${CONFIG_MAPS}/a`, { propagationPolicy: "Background" });
    const [update, deletion] = hook.calls.map(({ review }) => review.request);
    expect(update).toMatchObject({
      operation: "UPDATE",
      object: { data: { key: "new" } },
      oldObject: { data: { key: "old" } },
    });
    expect(update.options.kind).toBe("UpdateOptions");
    expect(deletion).toMatchObject({
      operation: "DELETE",
      object: null,
      oldObject: { data: { key: "new" } },
      dryRun: false,
    });
    expect(deletion.options).toMatchObject({ kind: "DeleteOptions", propagationPolicy: "Background" });
  });

  test("names a subresource, and leaves out a name that the server makes up", async () => {
    await api.post(SERVICES, { metadata: { name: "web" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } });
    const rule = {
      operations: ["*"],
      apiGroups: [""],
      apiVersions: ["v1"],
      resources: ["services/status", "configmaps"],
    };
    await register(webhook({ rules: [rule] }));
    await api.patch(`${SERVICES}/web`, "merge", { metadata: { labels: { a: "b" } } });
    await api.patch(`${SERVICES}/web/status`, "merge", {
      status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
    });
    await api.post(CONFIG_MAPS, { metadata: { generateName: "made-up-" } });
    const [status, made] = hook.calls.map(({ review }) => review.request);
    expect(status).toMatchObject({
      subResource: "status",
      requestSubResource: "status",
      name: "web",
      operation: "UPDATE",
    });
    expect(made.name).toBeUndefined();
    expect(made.object.metadata.name).toMatch(/^made-up-.{5}$/);
    expect(hook.calls).toHaveLength(2);
    await api.delete(`${SERVICES}/web`);
  });
});

test("a rule for one version sees requests in another that the server itself converts", async () => {
  const peers = (version: string) => `/apis/metallb.io/${version}/namespaces/metallb-system/bgppeers`;
  const rules = [{ operations: ["*"], apiGroups: ["metallb.io"], apiVersions: ["v1beta2"], resources: ["bgppeers"] }];
  await register(webhook({ rules }), webhook({ name: "exact.example.org", rules, matchPolicy: "Exact" }));
  const spec = { myASN: 64_500, peerASN: 64_501, peerAddress: "2001:db8::1" };
  expect((await api.post(`${peers("v1beta1")}?dryRun=All`, { metadata: { name: "p" }, spec })).code).toBe(201);
  expect(hook.calls.map(({ review }) => review.request)).toMatchObject([
    {
      kind: { version: "v1beta2" },
      requestKind: { version: "v1beta1" },
      object: { apiVersion: "metallb.io/v1beta2", spec },
    },
  ]);
});

describe("an answer", () => {
  test("that allows may warn, and so may one that denies", async () => {
    await register(webhook());
    hook.handler = () => ({ allowed: true, warnings: ["mind the gap", 'a "quoted" one'] });
    const allowed = await api.post(CONFIG_MAPS, configMap("a"));
    expect(allowed.code).toBe(201);
    expect(allowed.headers["warning"]).toBe(String.raw`299 - "mind the gap", 299 - "a \"quoted\" one"`);
    hook.handler = () => ({ allowed: false, warnings: ["careful"] });
    const denied = await api.post(CONFIG_MAPS, configMap("b"));
    expect(denied.code).toBe(400);
    expect(denied.headers["warning"]).toBe('299 - "careful"');
    hook.handler = () => ({
      allowed: true,
      warnings: ["naïve — 日本", "two\nlines\u0085", "two\nlines\u0085", { a: 1 }],
    });
    const odd = await api.post(CONFIG_MAPS, configMap("c"));
    const text = Buffer.from(odd.headers["warning"] as string, "latin1").toString();
    expect(text).toBe('299 - "naïve — 日本", 299 - "two lines ", 299 - ""');
  });

  test.each([
    { status: { code: 403, message: "no" }, code: 403, message: `admission webhook "${HOOK}" denied the request: no` },
    {
      status: { code: 422, reason: "Invalid", message: "bad" },
      code: 422,
      reason: "Invalid",
      message: `admission webhook "${HOOK}" denied the request: bad`,
    },
    {
      status: { reason: "Forbidden" },
      code: 400,
      reason: "Forbidden",
      message: `admission webhook "${HOOK}" denied the request: Forbidden`,
    },
    { status: undefined, code: 400, message: `admission webhook "${HOOK}" denied the request without explanation` },
    {
      status: { code: 200, message: "odd" },
      code: 400,
      message: `admission webhook "${HOOK}" denied the request: odd`,
    },
  ])("that denies with $status is answered with $code", async ({ status, ...expected }) => {
    await register(webhook());
    hook.handler = () => ({ allowed: false, ...(status === undefined ? {} : { status }) });
    const { code, json } = await api.post(CONFIG_MAPS, configMap("a"));
    expect(code).toBe(expected.code);
    expect(json).toEqual({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", ...expected });
    expect((await api.get(`${CONFIG_MAPS}/a`)).code).toBe(404);
  });

  test("of each webhook counts, and all are asked at the same time", async () => {
    await register(
      webhook(),
      webhook({ name: "second.example.org", clientConfig: { url: `${hook.url}/second`, caBundle: hook.caBundle } }),
    );
    const arrived = Promise.withResolvers<void>();
    hook.handler = async ({ path }) => {
      // Neither is answered before both have come.
      if (hook.calls.length === 2) arrived.resolve();
      await arrived.promise;
      return path.startsWith("/second")
        ? { allowed: false, status: { code: 403, message: "second" } }
        : { allowed: true };
    };
    const { json } = await api.post(CONFIG_MAPS, configMap("a"));
    expect(json.message).toBe('admission webhook "second.example.org" denied the request: second');
  });
});

describe("a webhook that can't be used", () => {
  const url = () => `Post "https://hooks.metallb-system.svc:443/check?timeout=10s"`;

  test.each([
    {
      name: "answers 500",
      handler: () => new Response("oh", { status: 500 }),
      why: `failed to call webhook: an error on the server ("oh") has prevented the request from succeeding`,
    },
    {
      name: "answers 404",
      handler: () => new Response("", { status: 404 }),
      why: "failed to call webhook: the server could not find the requested resource",
    },
    {
      name: "answers nonsense",
      handler: () => new Response("<html>"),
      why: "failed to call webhook: couldn't get version/kind; json parse error: invalid character '<' looking for beginning of value",
    },
    {
      name: "answers another request",
      handler: () => ({ uid: "x", allowed: true }),
      why: /^received invalid webhook response: expected response\.uid="[0-9a-f-]{36}", got "x"$/,
    },
    {
      name: "answers with a patch",
      handler: () => ({ allowed: true, patch: "W10=" }),
      why: "received invalid webhook response: validating webhook may not return response.patch",
    },
    {
      name: "answers nothing",
      handler: () => new Response("{}"),
      why: "received invalid webhook response: webhook response was absent",
    },
  ])("because it $name fails the write, or with Ignore does not", async ({ handler, why }) => {
    hook.handler = handler;
    await register(webhook());
    const { code, json } = await api.post(CONFIG_MAPS, configMap("a"));
    expect(code).toBe(500);
    expect(json.reason).toBe("InternalError");
    const prefix = `Internal error occurred: failed calling webhook "${HOOK}": `;
    expect(json.message.slice(0, prefix.length)).toBe(prefix);
    const shown = json.message.slice(prefix.length);
    if (typeof why === "string") expect(shown).toBe(why);
    else expect(shown).toMatch(why);
    await api.delete(CONFIGURATIONS);
    await register(webhook({ failurePolicy: "Ignore" }));
    expect((await api.post(CONFIG_MAPS, configMap("a"))).code).toBe(201);
  });

  test.each([
    {
      name: "is not there",
      clientConfig: () => ({ url: "https://127.0.0.1:1/x" }),
      why: () => `Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused`,
    },
    {
      name: "is a Service that nobody routed",
      clientConfig: () => ({ service: { namespace: "metallb-system", name: "nobody" } }),
      why: () => `Post "https://nobody.metallb-system.svc:443/?timeout=10s": service "nobody" not found`,
    },
    {
      name: "shows a certificate of an authority that is not trusted",
      clientConfig: () => ({
        service: { namespace: "metallb-system", name: "hooks", path: "/check" },
        caBundle: Buffer.from(lab.server.caCertificate).toString("base64"),
      }),
      why: () => `${url()}: tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    },
    {
      name: "shows a certificate for other names",
      clientConfig: () => ({ service: { namespace: "default", name: "hooks" }, caBundle: hook.caBundle }),
      why: () =>
        /tls: failed to verify certificate: x509: certificate is valid for .*hooks\.metallb-system\.svc.*, not hooks\.default\.svc$/,
    },
    {
      name: "has a caBundle that is none",
      clientConfig: () => ({ url: `${hook.url}/x`, caBundle: Buffer.from("nonsense").toString("base64") }),
      why: () => "unable to load root certificates: unable to parse bytes as PEM block",
    },
  ])("because it $name is named with the reason", async ({ clientConfig, why }) => {
    lab.server.routeService("default/hooks", hook.url);
    await register(webhook({ clientConfig: clientConfig() }));
    const { json } = await api.post(CONFIG_MAPS, configMap("a"));
    const expected = why();
    const prefix = `Internal error occurred: failed calling webhook "${HOOK}": failed to call webhook: `;
    if (typeof expected === "string") expect(json.message).toBe(prefix + expected);
    else expect(json.message).toMatch(expected);
  });

  test("because it takes too long is given up after timeoutSeconds", async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    hook.handler = () => promise;
    await register(webhook({ timeoutSeconds: 1 }));
    const { json } = await api.post(CONFIG_MAPS, configMap("a"));
    resolve({ allowed: true });
    expect(json.message).toBe(
      `Internal error occurred: failed calling webhook "${HOOK}": failed to call webhook: Post "https://hooks.metallb-system.svc:443/check?timeout=1s": context deadline exceeded`,
    );
  });

  test("must not be called for a dry run when it has side effects", async () => {
    const answer = await api.post(CONFIGURATIONS, {
      metadata: { name: "x" },
      webhooks: [webhook({ sideEffects: "Some" })],
    });
    expect(answer.code).toBe(422);
    expect(answer.json.message).toContain(
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    );
  });
});

describe("what happens while a webhook thinks", () => {
  test("does not get lost: a patch is worked out again", async () => {
    await api.post(CONFIG_MAPS, configMap("a", { data: {} }));
    await register(webhook({ objectSelector: { matchLabels: { slow: "yes" } } }));
    hook.handler = async () => {
      if (hook.calls.length === 1) await api.patch(`${CONFIG_MAPS}/a`, "merge", { data: { fast: "1" } });
      return { allowed: true };
    };
    const slow = { metadata: { labels: { slow: "yes" } }, data: { slow: "1" } };
    const { code, json } = await api.patch(`${CONFIG_MAPS}/a`, "merge", slow);
    expect(code).toBe(200);
    expect(json.data).toEqual({ fast: "1", slow: "1" });
    expect(hook.calls.map(({ review }) => review.request.oldObject.data)).toEqual([{}, { fast: "1" }]);
  });

  test("is a conflict for a PUT of what was", async () => {
    const { json } = await api.post(CONFIG_MAPS, configMap("a", { data: {} }));
    await register(webhook({ objectSelector: { matchLabels: { slow: "yes" } } }));
    hook.handler = async () => {
      await api.patch(`${CONFIG_MAPS}/a`, "merge", { data: { fast: "1" } });
      return { allowed: true };
    };
    json.metadata.labels = { slow: "yes" };
    expect((await api.put(`${CONFIG_MAPS}/a`, json)).code).toBe(409);
  });

  test("may be a creation of the same name, which wins", async () => {
    await register(webhook({ objectSelector: { matchLabels: { slow: "yes" } } }));
    hook.handler = async () => {
      await api.post(CONFIG_MAPS, configMap("a"));
      return { allowed: true };
    };
    const { code } = await api.post(CONFIG_MAPS, { metadata: { name: "a", labels: { slow: "yes" } } });
    expect(code).toBe(409);
  });

  test("may be a deletion, which a deletion of the whole collection does not mind", async () => {
    for (const name of ["a", "b", "c"]) await api.post(CONFIG_MAPS, configMap(name));
    await register(webhook());
    hook.handler = async ({ review }) => {
      if (review.request.name === "a") await api.delete(`${CONFIG_MAPS}/b`);
      return { allowed: true };
    };
    expect((await api.delete(CONFIG_MAPS)).code).toBe(200);
    expect((await api.get(CONFIG_MAPS)).json.items).toEqual([]);
  });

  test.each([
    { clusterIP: "10.96.0.77", field: "spec.clusterIPs" },
    { clusterIP: "fd96::77", field: "spec.clusterIPs" },
    { ports: [{ port: 80, nodePort: 30_077 }], field: "spec.ports[0].nodePort" },
  ])("may be a Service that takes the same: $field", async ({ field, ...spec }) => {
    const rule = { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["services"] };
    await register(webhook({ rules: [rule] }));
    const arrived = Promise.withResolvers<void>();
    hook.handler = async () => {
      // Both were planned before either is stored.
      if (hook.calls.length === 2) arrived.resolve();
      await arrived.promise;
      return { allowed: true };
    };
    const create = (name: string): Promise<RawAnswer> =>
      api.post(SERVICES, { metadata: { name }, spec: { type: "NodePort", ports: [{ port: 80 }], ...spec } });
    const answers = await Promise.all(["one", "two"].map(create));
    expect(answers.map(({ code }) => code)).toEqual(expect.arrayContaining([201, 422]));
    const refused = answers.find(({ code }) => code === 422)!;
    expect(refused.json.details.causes[0].field).toBe(field);
    expect(refused.json.message).toContain("is already allocated");
    await api.delete(SERVICES);
  });
});

describe("a configuration", () => {
  test("is stored with its defaults and shown by kubectl", async () => {
    const { json } = await register(webhook());
    expect(json.metadata.generation).toBe(1);
    expect(json.webhooks[0]).toMatchObject({
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      clientConfig: { service: { port: 443 } },
      rules: [{ scope: "*" }],
    });
    const { json: table } = await api.get(CONFIGURATIONS, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
    expect(table.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(["Name", "Webhooks", "Age"]);
    expect(table.rows[0].cells.slice(0, 2)).toEqual(["test", 1]);
  });

  test("never stands in the way of its own repair", async () => {
    const everything = { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] };
    await register(webhook({ rules: [everything], clientConfig: { url: "https://127.0.0.1:1/" } }));
    expect((await api.post(CONFIG_MAPS, configMap("a"))).code).toBe(500);
    expect((await api.patch(`${CONFIGURATIONS}/test`, "merge", { webhooks: [] })).code).toBe(200);
    expect((await api.post(CONFIG_MAPS, configMap("a"))).code).toBe(201);
  });

  test("is refused with all that is wrong in it", async () => {
    const { code, json } = await api.post(CONFIGURATIONS, {
      metadata: { name: "bad" },
      webhooks: [
        {
          name: "short.name",
          clientConfig: {},
          timeoutSeconds: 31,
          failurePolicy: "Maybe",
          admissionReviewVersions: ["v9"],
          rules: [{}],
        },
        webhook({ clientConfig: { url: "http://example.org/" } }),
        webhook({ clientConfig: { service: { namespace: "", name: "x", path: "y", port: 70_000 } } }),
      ],
    });
    expect(code).toBe(422);
    expect(json.details.causes.map(({ field }: { field: string }) => field)).toEqual([
      "webhooks[0].name",
      "webhooks[0].timeoutSeconds",
      "webhooks[0].failurePolicy",
      "webhooks[0].sideEffects",
      "webhooks[0].admissionReviewVersions",
      "webhooks[0].clientConfig",
      "webhooks[0].rules[0].operations",
      "webhooks[0].rules[0].apiGroups",
      "webhooks[0].rules[0].apiVersions",
      "webhooks[0].rules[0].resources",
      "webhooks[1].clientConfig.url",
      "webhooks[2].name",
      "webhooks[2].clientConfig.service.namespace",
      "webhooks[2].clientConfig.service.path",
      "webhooks[2].clientConfig.service.port",
    ]);
  });
});
