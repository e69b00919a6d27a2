import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadEndpoint } from "./endpoint.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metallb-endpoint-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: object | string): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

function config(server: string, user: object = { token: "t" }) {
  return {
    "current-context": "here",
    clusters: [{ name: "c", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "here", context: { cluster: "c", user: "u", namespace: "metallb-system" } }],
  };
}

describe("where the API server is looked for", () => {
  test("the flag comes first, KUBECONFIG next, the home last", async () => {
    const flag = write("flag", config("https://flag:1"));
    const variable = write("variable", config("https://variable:2"));
    const env = { KUBECONFIG: variable, HOME: folder };
    expect((await loadEndpoint({ kubeconfig: flag, env })).server.host).toBe("flag:1");
    expect((await loadEndpoint({ env })).server.host).toBe("variable:2");
    expect((await loadEndpoint({ env })).namespace).toBe("metallb-system");
  });

  test("KUBECONFIG may name several files; the first that has a context decides", async () => {
    const first = write("first", config("https://[2001:db8::1]:6443"));
    const second = write("second", { clusters: [], users: [], contexts: [] });
    expect((await loadEndpoint({ env: { KUBECONFIG: `${first}:${second}` } })).server.hostname).toBe("[2001:db8::1]");
  });

  test.each([
    {
      name: "nothing anywhere",
      make: () => ({ env: { HOME: "/nowhere" } }),
      says: /KUBECONFIG is not set.*\/nowhere\/\.kube\/config/,
    },
    {
      name: "a pod without a service account",
      make: () => ({ env: { HOME: "/nowhere", KUBERNETES_SERVICE_HOST: "10.0.0.1" } }),
      says: /no \/var\/run\/secrets\/kubernetes\.io\/serviceaccount\/token/,
    },
    {
      name: "a file that isn't there",
      make: () => ({ kubeconfig: "/nope", env: {} }),
      says: /--kubeconfig \/nope: ENOENT/,
    },
    {
      name: "a file that is no kubeconfig",
      make: () => ({ kubeconfig: write("x", "["), env: {} }),
      says: /--kubeconfig/,
    },
    {
      name: "no context",
      make: () => ({ kubeconfig: write("x", { clusters: [] }), env: {} }),
      says: /names no cluster and user/,
    },
    {
      name: "plain HTTP",
      make: () => ({ kubeconfig: write("x", config("http://a:8080")), env: {} }),
      says: /must be an https:/,
    },
    {
      name: "no URL",
      make: () => ({ kubeconfig: write("x", config("nonsense")), env: {} }),
      says: /is not a server URL/,
    },
  ])("$name is an error that says so", async ({ make, says }) => {
    await expect(loadEndpoint(make())).rejects.toThrow(
      expect.objectContaining({ code: "no-kubeconfig", retryable: false, message: expect.stringMatching(says) }),
    );
  });
});

describe("credentials", () => {
  test.each([
    { name: "token", user: { token: "abc" }, header: "Bearer abc" },
    { name: "user and password", user: { username: "u", password: "p" }, header: "Basic dTpw" },
  ])("$name", async ({ user, header }) => {
    const endpoint = await loadEndpoint({ kubeconfig: write("x", config("https://a", user)), env: {} });
    const { headers, tls, proxy } = await endpoint.credentials();
    expect(headers["Authorization"]).toBe(header);
    expect(tls.rejectUnauthorized).toBe(false);
    expect(proxy).toBeUndefined();
  });

  test("a token file's newline doesn't get into the header", async () => {
    const token = write("token", "from-file\n");
    const user = { "auth-provider": { name: "tokenFile", config: { tokenFile: token } } };
    const endpoint = await loadEndpoint({ kubeconfig: write("x", config("https://a", user)), env: {} });
    expect((await endpoint.credentials()).headers["Authorization"]).toBe("Bearer from-file");
  });

  test("a file that can't be read is an error that may heal", async () => {
    const user = { "client-certificate": join(folder, "missing"), "client-key": join(folder, "missing") };
    const endpoint = await loadEndpoint({ kubeconfig: write("x", config("https://a", user)), env: {} });
    await expect(endpoint.credentials()).rejects.toMatchObject({ code: "credentials", retryable: true });
  });
});

describe("in a pod", () => {
  const files = { token: "abc\n", "ca.crt": "CA", namespace: "metallb-system\n" };

  test.each([
    { host: "10.96.0.1", port: "6443", server: "https://10.96.0.1:6443/" },
    { host: "fd00::1", port: undefined, server: "https://[fd00::1]/" },
  ])("the service account leads to $server", async ({ host, port, server }) => {
    for (const [name, content] of Object.entries(files)) write(name, content);
    const env = { HOME: "/nowhere", KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port };
    const endpoint = await loadEndpoint({ env, serviceAccount: folder });
    expect(endpoint.server.href).toBe(server);
    expect(endpoint.namespace).toBe("metallb-system");
    expect(await endpoint.credentials()).toMatchObject({ tls: { ca: "CA" }, headers: { Authorization: "Bearer abc" } });
  });

  test("a missing CA is an error that may heal", async () => {
    write("token", "abc");
    const endpoint = await loadEndpoint({ env: { KUBERNETES_SERVICE_HOST: "10.96.0.1" }, serviceAccount: folder });
    await expect(endpoint.credentials()).rejects.toMatchObject({ code: "credentials", retryable: true });
    write("ca.crt", "CA");
    expect((await endpoint.credentials()).tls.ca).toBe("CA");
  });
});
