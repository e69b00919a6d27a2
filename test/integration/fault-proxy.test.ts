import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { eventually, startApiServerLab } from "../support/api-server-lab.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { RawApiClient } from "../support/raw-api-client.ts";
import { isWrite } from "../support/seen-request.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

let lab: ApiServerLab;
let proxy: FaultProxy;
/** Goes through the proxy; `lab.api` goes past it. */
let api: RawApiClient;

beforeAll(async () => {
  lab = await startApiServerLab();
  proxy = await FaultProxy.start(lab.server);
  api = new RawApiClient(proxy);
});

afterAll(async () => {
  api.close();
  await proxy.close();
  await lab.close();
});

afterEach(async () => {
  proxy.heal();
  await proxy.accept();
  proxy.requests.length = 0;
  await lab.api.delete(CONFIG_MAPS);
});

const configMap = (name: string): object => ({ metadata: { name } });
const create = (name: string) => api.post(CONFIG_MAPS, configMap(name));
const exists = async (name: string): Promise<boolean> => (await lab.api.get(`${CONFIG_MAPS}/${name}`)).code === 200;
const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code;

test("requests pass, and are counted by who asks for what", async () => {
  const token = proxy.addUser("controller");
  expect((await create("a")).code).toBe(201);
  await api.get(CONFIG_MAPS, { token });
  await api.get(`${CONFIG_MAPS}/a`, { token });
  await api.patch(`${CONFIG_MAPS}/a`, "merge", { data: {} });
  await api.get("/api/v1/namespaces/default");
  await api.get("/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools", { token });
  await api.put("/api/v1/namespaces/default/services/kubernetes/status", {});
  await api.delete(CONFIG_MAPS);
  await api.get("/version");
  expect(proxy.counts()).toEqual({
    "create configmaps": 1,
    "list configmaps": 1,
    "get configmaps": 1,
    "patch configmaps": 1,
    "get namespaces": 1,
    "list ipaddresspools.metallb.io": 1,
    "update services/status": 1,
    "deletecollection configmaps": 1,
    "document ": 1,
  });
  expect(proxy.count({ user: "controller" })).toBe(3);
  expect(proxy.count({ verb: "get", resource: "configmaps", name: "a", namespace: "default" })).toBe(1);
  expect(proxy.count(isWrite)).toBe(4);
});

describe("an answer instead of the server's", () => {
  test.each([
    { code: 409, reason: "Conflict" },
    { code: 500, reason: "InternalError" },
    { code: 429, reason: "TooManyRequests", retryAfterSeconds: 7 },
  ])("is $code, and nothing is done", async ({ code, reason, retryAfterSeconds }) => {
    const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    const fault = proxy.inject({ when: { verb: "create" }, times: 1, fault: { kind: "answer", code, ...retry } });
    const answer = await create("a");
    expect(answer.json).toMatchObject({ kind: "Status", status: "Failure", code, reason });
    expect(answer.headers["retry-after"]).toBe(retryAfterSeconds?.toString());
    expect(await exists("a")).toBe(false);
    expect((await create("a")).code).toBe(201);
    expect(fault.happened).toBe(1);
  });

  test("comes every n-th time, after so many, at most so often", async () => {
    proxy.inject({ when: isWrite, after: 1, every: 3, times: 2, fault: { kind: "answer", code: 409 } });
    const codes: number[] = [];
    for (let i = 0; i < 12; i++) {
      codes.push((await create(`c-${i}`)).code);
      await api.get(CONFIG_MAPS);
    }
    expect(codes.flatMap((code, i) => (code === 409 ? [i] : []))).toEqual([3, 6]);
  });

  test("is only for whom it is meant", async () => {
    const token = proxy.addUser("speaker");
    proxy.inject({ when: { user: "speaker" }, fault: { kind: "answer", code: 403 } });
    expect((await api.get(CONFIG_MAPS)).code).toBe(200);
    expect((await api.get(CONFIG_MAPS, { token })).code).toBe(403);
  });
});

describe("a connection", () => {
  test("is reset before the server sees the request", async () => {
    proxy.inject({ when: isWrite, times: 1, fault: { kind: "reset" } });
    expect(codeOf(await create("a").catch((error: unknown) => error))).toBe("ECONNRESET");
    expect(await exists("a")).toBe(false);
  });

  test("is reset after the server has done what was asked", async () => {
    proxy.inject({ when: isWrite, times: 1, fault: { kind: "lose-answer" } });
    expect(codeOf(await create("a").catch((error: unknown) => error))).toBe("ECONNRESET");
    expect(await exists("a")).toBe(true);
  });

  test("is refused in an outage, and works again after it", async () => {
    const watching = api.watch(`${CONFIG_MAPS}?watch=1`).catch(codeOf);
    await eventually(
      () => Promise.resolve(proxy.openWatches()),
      (count) => count === 1,
    );
    await proxy.refuse();
    expect(await watching).toBe("ECONNRESET");
    expect(codeOf(await create("a").catch((error: unknown) => error))).toBe("ECONNREFUSED");
    await proxy.accept();
    expect((await create("a")).code).toBe(201);
  });

  test("hangs until the client has enough", async () => {
    proxy.inject({ when: { verb: "create" }, times: 1, fault: { kind: "hang" } });
    const waited = await Promise.race([
      create("a").catch(codeOf),
      new Promise((resolve) => setTimeout(resolve, 100, "still waiting")),
    ]);
    expect(waited).toBe("still waiting");
    expect(await exists("a")).toBe(false);
    await proxy.refuse();
  });
});

describe("latency", () => {
  test("before the server: it does not know yet", async () => {
    proxy.inject({ when: { verb: "create" }, fault: { kind: "delay-request", ms: 100 } });
    const started = performance.now();
    const creating = create("a");
    await eventually(
      () => Promise.resolve(proxy.count({ verb: "create" })),
      (count) => count === 1,
    );
    expect(await exists("a")).toBe(false);
    expect((await creating).code).toBe(201);
    expect(performance.now() - started).toBeGreaterThanOrEqual(99);
  });

  test("after the server: it knows long before the client", async () => {
    proxy.inject({ when: { verb: "create" }, fault: { kind: "delay-answer", ms: 60_000 } });
    const creating = create("a").catch(codeOf);
    await eventually(
      () => exists("a"),
      (there) => there,
    );
    await proxy.refuse();
    expect(await creating).toBe("ECONNRESET");
  });
});

describe("watches", () => {
  /** Opens a watch; `outcome` resolves to the types of its events when it ends, or to what broke it. */
  async function open(): Promise<{ readonly outcome: Promise<unknown> }> {
    const watching = api.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=0&allowWatchBookmarks=true`);
    const outcome = watching.then(({ events }) => events.map(({ type }) => type), codeOf);
    await eventually(
      () => Promise.resolve(proxy.openWatches({ resource: "configmaps" })),
      (count) => count === 1,
    );
    return { outcome };
  }

  test("are cut", async () => {
    const { outcome } = await open();
    expect(proxy.cutWatches({ resource: "services" })).toBe(0);
    expect(proxy.cutWatches({ resource: "configmaps" })).toBe(1);
    expect(await outcome).toBe("ECONNRESET");
  });

  test("end", async () => {
    const { outcome } = await open();
    expect(proxy.endWatches()).toBe(1);
    expect(await outcome).toEqual(expect.not.arrayContaining(["ERROR"]));
  });

  test("fall silent", async () => {
    const { outcome } = await open();
    expect(proxy.stallWatches()).toBe(1);
    await lab.api.post(CONFIG_MAPS, configMap("unseen"));
    expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 50, "silent"))])).toBe("silent");
    await proxy.refuse();
    expect(await outcome).toBe("ECONNRESET");
  });

  test("expire when they are open, and when they begin", async () => {
    const { outcome } = await open();
    proxy.expireWatches("configmaps");
    expect(await outcome).toEqual(["BOOKMARK", "ERROR"]);
    proxy.inject({ when: { verb: "watch" }, times: 1, fault: { kind: "expire-watch" } });
    const { code, events } = await api.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1`);
    expect(code).toBe(200);
    expect(events).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }]);
  });
});
