import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selfSignedCertificate } from "../../src/tls/self-signed.ts";
import { type ApiServerLab, startApiServerLab } from "../support/api-server-lab.ts";
import { freePort } from "../support/metallb-process.ts";

const PODS = "/api/v1/namespaces/metallb-system/pods";

let lab: ApiServerLab;
const servers: Server[] = [];
let plainPort: number;
let securePort: number;

/** Answers with what it was asked. */
const echo: RequestListener = (request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    const { method, url, headers } = request;
    const code = url === "/teapot" ? 418 : 200;
    response.writeHead(code, { "content-type": "application/json", "x-answer": "yes" });
    response.end(JSON.stringify({ method, url, headers, body }));
  });
};

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  lab = await startApiServerLab();
  plainPort = await listening(createServer(echo));
  securePort = await listening(createTlsServer(await selfSignedCertificate({ commonName: "pod" }), echo));
  const ports = [{ containerPort: plainPort }];
  const spec = { containers: [{ name: "web", image: "web", ports }] };
  for (const name of ["web", "homeless"]) await lab.api.post(PODS, { metadata: { name }, spec });
  await lab.api.patch(`${PODS}/web/status`, "merge", { status: { podIP: "127.0.0.1" } });
});

afterAll(async () => {
  await lab.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

describe("a request through the API server to a Pod", () => {
  test.each([
    { name: "of a port by HTTPS", pod: () => `https:web:${securePort}` },
    { name: "of a port by HTTP", pod: () => `http:web:${plainPort}` },
    { name: "of a port", pod: () => `web:${plainPort}` },
    { name: "of its first port", pod: () => "web" },
  ])("$name arrives whole, but for what was shown to the API server alone", async ({ pod }) => {
    const path = `${PODS}/${pod()}/proxy/a%2Fb/proxy//c?x=1&y=%20`;
    const headers = { "metallb-authorization": "Bearer for-the-pod", connection: "keep-alive" };
    const answer = await lab.api.post(path, { hello: true }, { headers });
    expect({ code: answer.code, own: answer.headers["x-answer"] }).toEqual({ code: 200, own: "yes" });
    const seen = answer.json as { readonly headers: IncomingHttpHeaders };
    expect(seen).toMatchObject({ method: "POST", url: "/a%2Fb/proxy//c?x=1&y=%20", body: '{"hello":true}' });
    expect(seen.headers).toMatchObject({ "metallb-authorization": "Bearer for-the-pod" });
    expect(seen.headers).not.toHaveProperty("authorization");
  });

  test("the root of the Pod, with and without a slash, and codes that are not 200", async () => {
    expect((await lab.api.get(`${PODS}/web/proxy`)).json).toMatchObject({ url: "/" });
    expect((await lab.api.get(`${PODS}/web/proxy/`)).json).toMatchObject({ url: "/" });
    expect((await lab.api.get(`${PODS}/web/proxy?q=1`)).json).toMatchObject({ url: "/?q=1" });
    expect((await lab.api.get(`${PODS}/web/proxy/teapot`)).code).toBe(418);
  });

  test("nobody listens: 503 with where", async () => {
    const port = await freePort();
    const answer = await lab.api.get(`${PODS}/https:web:${port}/proxy/state`);
    expect({ code: answer.code, reason: answer.json.reason }).toEqual({ code: 503, reason: "ServiceUnavailable" });
    expect(answer.json.message).toContain(`error trying to reach service: dial tcp 127.0.0.1:${port}: `);
    expect(answer.json.message).toContain("ECONNREFUSED");
  });

  test("something else than HTTPS listens: 503, too", async () => {
    expect((await lab.api.get(`${PODS}/https:web:${plainPort}/proxy/state`)).code).toBe(503);
  });

  test.each([
    { pod: "nobody", code: 404, reason: "NotFound" },
    { pod: "homeless", code: 400, reason: "BadRequest" },
    { pod: "ftp:web:80", code: 400, reason: "BadRequest" },
    { pod: "web:http", code: 400, reason: "BadRequest" },
  ])("to $pod is refused with $code", async ({ pod, code, reason }) => {
    expect((await lab.api.get(`${PODS}/${pod}/proxy/`)).json).toMatchObject({ code, reason });
  });

  test("is for those who are known", async () => {
    const answer = await lab.api.get(`${PODS}/web/proxy/`, { token: null });
    expect(answer.json).toMatchObject({
      code: 403,
      message: expect.stringContaining('cannot get resource "pods/proxy"'),
    });
  });
});

describe("a token for an audience", () => {
  const account = "/api/v1/namespaces/metallb-system/serviceaccounts";

  async function tokenFor(audiences: readonly string[]): Promise<string> {
    await lab.api.post(account, { metadata: { name: "speaker" } });
    const answer = await lab.api.post(`${account}/speaker/token`, { spec: { audiences, expirationSeconds: 600 } });
    expect(answer.code).toBe(201);
    return answer.json.status.token as string;
  }

  async function review(token: string, audiences?: readonly string[]): Promise<unknown> {
    const answer = await lab.api.post("/apis/authentication.k8s.io/v1/tokenreviews", { spec: { token, audiences } });
    return answer.json.status;
  }

  test("is good for this audience, not for the API server, and the other way round", async () => {
    const theirs = await tokenFor(["metallb"]);
    const name = "system:serviceaccount:metallb-system:speaker";
    expect(await review(theirs, ["other", "metallb"])).toMatchObject({
      authenticated: true,
      user: { username: name },
      audiences: ["metallb"],
    });
    expect(await review(theirs)).toEqual({ user: {}, error: "[invalid bearer token]" });
    expect((await lab.api.get("/api/v1/pods", { token: theirs })).code).toBe(401);
    const ours = await tokenFor([]);
    expect(await review(ours)).toMatchObject({ authenticated: true, audiences: ["https://kubernetes.default.svc"] });
    expect(await review(ours, ["metallb"])).toMatchObject({ user: {} });
    expect((await lab.api.get("/api/v1/pods", { token: ours })).code).toBe(200);
  });
});
