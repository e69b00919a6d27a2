import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import type { KubeClient } from "../../src/ports/kube.ts";
import { answerJson, answerStatus, type Answer, ScriptedApi } from "../support/scripted-api.ts";

const NAME = { namespace: "shop", name: "web" };
const SERVICE = { kind: "Service", metadata: { name: "web", namespace: "shop", resourceVersion: "1" } };

let api: ScriptedApi;
let client: KubeClient;

beforeEach(async () => {
  api = await ScriptedApi.start();
  client = createKubeClient(api.endpoint);
});
afterEach(() => api.close());

describe("requests", () => {
  test.each<{ name: string; call: () => Promise<unknown>; method: string; url: string; type?: string; body?: unknown }>(
    [
      {
        name: "get",
        call: () => client.get(KINDS.Service, NAME),
        method: "GET",
        url: "/api/v1/namespaces/shop/services/web",
      },
      {
        name: "create",
        call: () => client.create(KINDS.ServiceL2Status, { a: 1 }, { namespace: "m" }),
        method: "POST",
        url: "/apis/metallb.io/v1beta1/namespaces/m/servicel2statuses",
        type: "application/json",
        body: { a: 1 },
      },
      {
        name: "replace status",
        call: () => client.replace(KINDS.Service, NAME, { a: 1 }, { subresource: "status" }),
        method: "PUT",
        url: "/api/v1/namespaces/shop/services/web/status",
        type: "application/json",
        body: { a: 1 },
      },
      {
        name: "merge patch",
        call: () => client.patch(KINDS.Service, NAME, { type: "merge", body: { a: null } }),
        method: "PATCH",
        url: "/api/v1/namespaces/shop/services/web",
        type: "application/merge-patch+json",
        body: { a: null },
      },
      {
        name: "JSON patch",
        call: () => client.patch(KINDS.Service, NAME, { type: "json", body: [] }),
        method: "PATCH",
        url: "/api/v1/namespaces/shop/services/web",
        type: "application/json-patch+json",
        body: [],
      },
      {
        name: "apply",
        call: () =>
          client.patch(
            KINDS.Node,
            { namespace: "", name: "a" },
            { type: "apply", body: {} },
            { fieldManager: "metallb" },
          ),
        method: "PATCH",
        url: "/api/v1/nodes/a?fieldManager=metallb&force=true",
        type: "application/apply-patch+yaml",
        body: {},
      },
      {
        name: "delete of one incarnation",
        call: () => client.delete(KINDS.Service, NAME, { uid: "u-1" }),
        method: "DELETE",
        url: "/api/v1/namespaces/shop/services/web",
        type: "application/json",
        body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: "u-1" } },
      },
    ],
  )("$name", async ({ call, method, url, type, body }) => {
    api.script(answerJson(200, SERVICE));
    expect(await call()).toMatchObject({ ok: true });
    const [request] = api.requests;
    const query = request!.query.toString();
    expect(request!.method).toBe(method);
    expect(request!.path + (query === "" ? "" : `?${query}`)).toBe(url);
    expect(request!.headers["content-type"]).toBe(type);
    expect(request!.body === "" ? undefined : JSON.parse(request!.body)).toEqual(body);
    expect(request!.headers.authorization).toBe("Bearer secret-token");
  });

  test("a list follows its pages", async () => {
    const page = (name: string, token: string) =>
      answerJson(200, { items: [{ metadata: { name } }], metadata: { resourceVersion: "3", continue: token } });
    api.script(page("a", "more"), page("b", ""));
    const listed = await client.list(KINDS.Service, { namespace: "shop", labelSelector: "app=web" });
    expect(listed.ok && listed.value.map((item) => item.metadata.name)).toEqual(["a", "b"]);
    expect(api.requests.map((request) => request.query.toString())).toEqual([
      "limit=500&labelSelector=app%3Dweb",
      "limit=500&continue=more&labelSelector=app%3Dweb",
    ]);
  });
});

describe("failures", () => {
  test.each<{ name: string; answer: Answer; error: object }>([
    {
      name: "404",
      answer: answerStatus(404, "NotFound", "gone"),
      error: { code: 404, reason: "NotFound", message: "gone" },
    },
    {
      name: "409",
      answer: answerStatus(409, "Conflict", "old"),
      error: { code: 409, reason: "Conflict", retryable: true },
    },
    {
      name: "429",
      answer: answerJson(429, {}, { "Retry-After": "3" }),
      error: { code: 429, retryAfter: 3000, retryable: true },
    },
    { name: "no object", answer: answerJson(200, ["x"]), error: { code: 0, reason: "NotAnObject" } },
    {
      name: "a body that breaks off",
      answer: (response) => {
        response.writeHead(200, { "Content-Length": "1000" });
        response.write('{"kind":');
        setTimeout(() => response.socket?.destroy(), 10);
      },
      error: { code: 0, reason: "ECONNRESET", retryable: true },
    },
    {
      name: "a connection that breaks before the answer",
      answer: (response) => void response.socket?.destroy(),
      error: { code: 0, reason: "ECONNRESET", retryable: true },
    },
    {
      name: "an answer without end",
      answer: (response) => {
        const chunk = Buffer.alloc(1024 * 1024, 0x20);
        const more = () => {
          while (!response.destroyed && response.write(chunk));
          if (!response.destroyed) response.once("drain", more);
        };
        response.on("error", () => {});
        response.writeHead(200);
        more();
      },
      error: { code: 0, reason: "TooLarge" },
    },
  ])("$name", async ({ answer, error }) => {
    api.script(answer);
    expect(await client.get(KINDS.Service, NAME)).toMatchObject({ ok: false, error });
  });

  test("a server that isn't there", async () => {
    const { endpoint } = api;
    await api.close();
    const answer = await createKubeClient(endpoint).get(KINDS.Service, NAME);
    expect(answer).toMatchObject({ ok: false, error: { code: 0, reason: "ECONNREFUSED", retryable: true } });
    api = await ScriptedApi.start();
  });

  test("a server whose certificate isn't trusted", async () => {
    const other = await ScriptedApi.start();
    const endpoint = { ...other.endpoint, server: api.endpoint.server };
    const answer = await createKubeClient(endpoint).get(KINDS.Service, NAME);
    await other.close();
    expect(answer).toMatchObject({ ok: false, error: { code: 0, reason: expect.stringMatching(/CERT/) } });
    expect(api.requests).toEqual([]);
  });

  test("an idle connection that the server closed is replaced without the caller noticing", async () => {
    api.script(answerJson(200, SERVICE), (response) => void response.socket?.destroy(), answerJson(200, SERVICE));
    expect(await client.get(KINDS.Service, NAME)).toMatchObject({ ok: true });
    expect(await client.get(KINDS.Service, NAME)).toMatchObject({ ok: true });
    expect(api.requests).toHaveLength(3);
  });

  test("a POST is never sent twice", async () => {
    api.script(answerJson(200, SERVICE), (response) => void response.socket?.destroy(), answerJson(200, SERVICE));
    await client.get(KINDS.Service, NAME);
    expect(await client.create(KINDS.Service, SERVICE)).toMatchObject({ ok: false, error: { reason: "ECONNRESET" } });
    expect(api.requests).toHaveLength(2);
  });
});
