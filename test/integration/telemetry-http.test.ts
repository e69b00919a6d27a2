import { createServer } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { ok } from "../../src/lib/result.ts";
import type { KubeClient } from "../../src/ports/kube.ts";
import { type Listening, type Readiness, serveHealth, serveMetrics } from "../../src/telemetry/http.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { silentLog } from "../support/silent-log.ts";

const HOST = "127.0.0.1";
let server: Listening | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe("health", () => {
  test("readyz says what is missing, and changes its mind", async () => {
    let readiness: Readiness = { ready: false, reason: "services are not listed yet" };
    server = await serveHealth({ host: HOST, port: 0, readiness: () => readiness });
    const get = async (path: string, method = "GET") => {
      const answer = await fetch(`http://${HOST}:${server!.port}${path}`, { method });
      return { status: answer.status, text: await answer.text() };
    };
    expect(await get("/healthz")).toEqual({ status: 200, text: "ok" });
    expect(await get("/readyz")).toEqual({ status: 503, text: "services are not listed yet" });
    readiness = { ready: true };
    expect(await get("/readyz?verbose")).toEqual({ status: 200, text: "ok" });
    expect((await get("/")).status).toBe(404);
    expect((await get("/healthz", "POST")).status).toBe(405);
  });

  test("a port that is taken is an error that names it", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, HOST, resolve));
    const { port } = other.address() as AddressInfo;
    await expect(serveHealth({ host: HOST, port, readiness: () => ({ ready: true }) })).rejects.toMatchObject({
      code: "listen",
      retryable: true,
      message: `the health port ${HOST}:${port} can't be opened: EADDRINUSE`,
    });
    other.close();
  });
});

describe("metrics", () => {
  const client: Pick<KubeClient, "create"> = {
    create: async (_, body) => {
      const { spec } = body as { readonly spec: { readonly token?: string; readonly user?: string } };
      const status = {
        authenticated: spec.token !== "bad",
        user: { username: spec.token },
        allowed: spec.user === "reader",
      };
      return ok({ metadata: { name: "" }, status });
    },
  };

  async function get(path: string, token?: string): Promise<{ status: number; text: string }> {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      httpsRequest({ host: HOST, port: server!.port, path, headers, rejectUnauthorized: false }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      })
        .on("error", reject)
        .end();
    });
  }

  test("are for those whom the API server allows", async () => {
    const metrics = createMetrics("speaker");
    metrics.set("metallb_k8s_client_config_loaded_bool", {}, 1);
    server = await serveMetrics({ host: HOST, port: 0, metrics, client, log: silentLog });
    const answer = await get("/metrics", "reader");
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("metallb_k8s_client_config_loaded_bool 1\n");
    expect(await get("/metrics")).toEqual({ status: 401, text: "a bearer token is needed" });
    expect(await get("/metrics", "bad")).toEqual({ status: 401, text: "the token is not valid" });
    expect(await get("/metrics", "stranger")).toMatchObject({ status: 403, text: expect.stringContaining("stranger") });
    expect((await get("/", "reader")).status).toBe(404);
  });

  test("are served by TLS 1.3 only", async () => {
    server = await serveMetrics({ host: HOST, port: 0, metrics: createMetrics("speaker"), client, log: silentLog });
    const attempt = (maxVersion: "TLSv1.2" | "TLSv1.3") =>
      new Promise<string>((resolve) => {
        const socket = connect({ host: HOST, port: server!.port, rejectUnauthorized: false, maxVersion }, () => {
          resolve(socket.getProtocol() ?? "");
          socket.destroy();
        });
        socket.on("error", () => resolve("refused"));
      });
    expect(await attempt("TLSv1.3")).toBe("TLSv1.3");
    expect(await attempt("TLSv1.2")).toBe("refused");
  });
});
