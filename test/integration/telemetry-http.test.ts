import { createServer } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { seconds } from "../../src/lib/duration.ts";
import { err, ok } from "../../src/lib/result.ts";
import type { KubeClient } from "../../src/ports/kube.ts";
import { type Readiness, serveHealth, serveMetrics } from "../../src/telemetry/http.ts";
import { type CertificateFolder, openCertificateFolder } from "../../src/tls/certificate-folder.ts";
import type { Listening } from "../../src/tls/listen.ts";
import { DEFAULT_TLS_POLICY, parseTlsPolicy, type TlsFlags } from "../../src/tls/policy.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { selfSignedCertificate } from "../../src/tls/self-signed.ts";
import { eventually } from "../support/api-server-lab.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLog } from "../support/recording-log.ts";
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

  async function get(path: string, token?: string, more = {}): Promise<{ status: number; text: string }> {
    const headers = { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...more };
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
    server = await serveMetrics({ host: HOST, port: 0, policy: DEFAULT_TLS_POLICY, metrics, client, log: silentLog });
    const answer = await get("/metrics", "reader");
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("metallb_k8s_client_config_loaded_bool 1\n");
    expect(await get("/metrics")).toEqual({ status: 401, text: "a bearer token is needed" });
    expect(await get("/metrics", "bad")).toEqual({ status: 401, text: "the token is not valid" });
    expect(await get("/metrics", "stranger")).toMatchObject({ status: 403, text: expect.stringContaining("stranger") });
    expect((await get("/", "reader")).status).toBe(404);
  });

  test("stand beside documents, which have a right, an audience and a query of their own", async () => {
    const reviewed: unknown[] = [];
    const asked: string[] = [];
    const documents = [
      {
        path: "/state",
        audience: "inspect",
        contentType: "application/json",
        read: (query: URLSearchParams) => {
          asked.push(query.toString());
          return query.has("bad") ? err("bad is not known") : ok('{"node":"a"}');
        },
      },
    ];
    const counting: typeof client = {
      create: (resource, body) => {
        reviewed.push((body as { readonly spec: object }).spec);
        return client.create(resource, body);
      },
    };
    const metrics = createMetrics("speaker");
    const options = { host: HOST, port: 0, policy: DEFAULT_TLS_POLICY, metrics, client: counting, log: silentLog };
    server = await serveMetrics({ ...options, documents });
    expect(await get("/state?ip=10.0.0.1&ip=fd00::1", "reader")).toEqual({ status: 200, text: '{"node":"a"}' });
    expect(asked).toEqual(["ip=10.0.0.1&ip=fd00%3A%3A1"]);
    expect(reviewed).toMatchObject([
      { token: "reader", audiences: ["inspect"] },
      { user: "reader", nonResourceAttributes: { path: "/state", verb: "get" } },
    ]);
    expect(await get("/state?bad", "reader")).toEqual({ status: 400, text: "bad is not known" });
    expect(await get("/state")).toMatchObject({ status: 401 });
    expect(await get("/state", "stranger")).toMatchObject({ status: 403 });
    expect(await get("/state?bad", "bad")).toMatchObject({ status: 401 });
    expect(await get("/other", "reader")).toEqual({ status: 404, text: "here is /metrics and /state" });
    const proxied = { "Metallb-Authorization": "Bearer reader" };
    expect(await get("/state", undefined, proxied)).toMatchObject({ status: 200 });
    expect(await get("/state", "stranger", proxied)).toMatchObject({ status: 403 });
  });

  interface Handshake {
    readonly protocol: string;
    readonly cipher: string;
    readonly subject: string;
  }

  /** "refused" when the server does not agree. */
  function handshake(options: ConnectionOptions): Promise<Handshake | "refused"> {
    return new Promise((resolve) => {
      const socket = connect({ host: HOST, port: server!.port, rejectUnauthorized: false, ...options }, () => {
        resolve({
          protocol: socket.getProtocol() ?? "",
          cipher: socket.getCipher().standardName,
          subject: String(socket.getPeerCertificate().subject["CN"]),
        });
        socket.destroy();
      });
      socket.on("error", () => resolve("refused"));
    });
  }

  async function serve(flags: Partial<TlsFlags>, folder?: CertificateFolder): Promise<void> {
    const policy = parseTlsPolicy({ tlsMinVersion: "", tlsCipherSuites: "", tlsCurvePreferences: "", ...flags });
    if (!policy.ok) throw new Error(policy.error.join());
    const metrics = createMetrics("speaker");
    server = await serveMetrics({ host: HOST, port: 0, policy: policy.value, folder, metrics, client, log: silentLog });
  }

  const SUITE = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
  test.each<[Partial<TlsFlags>, ConnectionOptions, Partial<Handshake> | "refused"]>([
    [{}, {}, { protocol: "TLSv1.3" }],
    [{}, { maxVersion: "TLSv1.2" }, "refused"],
    [{ tlsMinVersion: "VersionTLS13" }, { maxVersion: "TLSv1.2" }, "refused"],
    [{ tlsMinVersion: "VersionTLS12" }, { maxVersion: "TLSv1.2" }, { protocol: "TLSv1.2" }],
    [{ tlsMinVersion: "VersionTLS12", tlsCipherSuites: SUITE }, {}, { protocol: "TLSv1.3" }],
    [{ tlsMinVersion: "VersionTLS12", tlsCipherSuites: SUITE }, { maxVersion: "TLSv1.2" }, { cipher: SUITE }],
    [
      { tlsMinVersion: "VersionTLS12", tlsCipherSuites: SUITE },
      { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" },
      "refused",
    ],
    [{ tlsCurvePreferences: "24" }, { ecdhCurve: "P-384" }, { protocol: "TLSv1.3" }],
    [{ tlsCurvePreferences: "24" }, { ecdhCurve: "P-256:X25519" }, "refused"],
    [{ tlsCurvePreferences: "4588,29" }, { ecdhCurve: "X25519MLKEM768" }, { protocol: "TLSv1.3" }],
  ])("with %j, a client with %j gets %j", async (flags, options, want) => {
    await serve(flags);
    const got = await handshake(options);
    if (want === "refused") expect(got).toBe("refused");
    else expect(got).toMatchObject(want);
  });

  test("are served with the certificate of a folder, which is read again when it changes", async () => {
    const path = mkdtempSync(join(tmpdir(), "metallb-metrics-cert-"));
    const put = async (commonName: string) => {
      const { cert, key } = await selfSignedCertificate({ commonName });
      writeFileSync(join(path, "tls.crt"), cert);
      writeFileSync(join(path, "tls.key"), key);
    };
    const clock = new ManualClock();
    const log = new RecordingLog();
    const look = async () => {
      const lines = log.lines.length;
      clock.advance(seconds(10));
      await eventually(
        async () => log.lines.length,
        (count) => count > lines,
      );
    };
    try {
      await put("first");
      await serve({}, await openCertificateFolder(path, { clock, log }));
      expect(await handshake({})).toMatchObject({ subject: "first" });
      await put("second");
      await look();
      expect(await handshake({})).toMatchObject({ subject: "second" });
      writeFileSync(join(path, "tls.crt"), "nothing");
      await look();
      expect(log.messages("warn")).toEqual([
        `${path}/tls.crt holds no certificate in PEM; the last good certificate stays in use`,
      ]);
      expect(await handshake({})).toMatchObject({ subject: "second" });
    } finally {
      rmSync(path, { recursive: true });
    }
  });

  test("a folder without a certificate is an error that names the file", async () => {
    await expect(openCertificateFolder("/nowhere", { clock: new ManualClock(), log: silentLog })).rejects.toMatchObject(
      { code: "certificate", message: expect.stringContaining("/nowhere/tls.") },
    );
  });
});
