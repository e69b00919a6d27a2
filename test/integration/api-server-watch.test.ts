import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApiServerLab } from "../support/api-server-lab.ts";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { POOLS, SERVICES, pool, service, summary } from "../support/golden-probes.ts";
import type { RawApiClient } from "../support/raw-api-client.ts";

let lab: ApiServerLab;
let api: RawApiClient;

beforeAll(async () => {
  lab = await startApiServerLab();
  api = lab.api;
});

afterAll(() => lab.close());

async function revision(): Promise<string> {
  return (await api.get(SERVICES)).json.metadata.resourceVersion;
}

interface SeenEvent {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string } };
}

function seen(events: readonly SeenEvent[]): string[] {
  return events.map(({ type, object }) => `${type} ${object.metadata.name}`);
}

describe("a watch", () => {
  test("tells every write after its revision, in order", async () => {
    const since = await revision();
    const watch = api.watch(`${SERVICES}?watch=1&resourceVersion=${since}&timeoutSeconds=5`, { enough: 4 });
    await api.post(SERVICES, service("a"));
    await api.patch(`${SERVICES}/a`, "merge", { metadata: { labels: { x: "1" } } });
    await api.patch(`${SERVICES}/a`, "merge", { metadata: { labels: { x: "1" } } });
    await api.delete(`${SERVICES}/a`);
    await api.post(SERVICES, service("b"));
    const { events } = await watch;
    expect(seen(events)).toEqual(["ADDED a", "MODIFIED a", "DELETED a", "ADDED b"]);
    const revisions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(revisions).toEqual([...revisions].sort((x, y) => x - y));
    expect(new Set(revisions).size).toBe(revisions.length);
  });

  test("shows objects that start or stop to match its selector as added or deleted", async () => {
    await api.post(SERVICES, service("c"));
    const since = await revision();
    for (const value of ["yes", "yes2", null]) {
      await api.patch(`${SERVICES}/c`, "merge", {
        metadata: { labels: { on: value === "yes2" ? "yes" : value, n: value } },
      });
    }
    await api.delete(`${SERVICES}/c`);
    const path = `${SERVICES}?watch=1&resourceVersion=${since}&labelSelector=on%3Dyes&timeoutSeconds=1`;
    expect(seen((await api.watch(path)).events)).toEqual(["ADDED c", "MODIFIED c", "DELETED c"]);
  });

  test("of one namespace doesn't see another", async () => {
    const since = await revision();
    await api.post("/api/v1/namespaces/metallb-system/services", service("elsewhere"));
    await api.post(SERVICES, service("here"));
    const path = `${SERVICES}?watch=1&resourceVersion=${since}&timeoutSeconds=1`;
    expect(seen((await api.watch(path)).events)).toEqual(["ADDED here"]);
    const all = `/api/v1/services?watch=1&resourceVersion=${since}&timeoutSeconds=1`;
    expect(seen((await api.watch(all)).events)).toEqual(["ADDED elsewhere", "ADDED here"]);
  });

  test("from before the history gets 410 as an event, and its stream ends", async () => {
    const since = await revision();
    await api.post(SERVICES, service("forgotten"));
    lab.server.testing.expireWatches("services");
    const { code, events } = await api.watch(`${SERVICES}?watch=1&resourceVersion=${since}`);
    expect(code).toBe(200);
    expect(events).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }]);
  });

  test("that is open gets 410, too, when tests say so; other resources don't", async () => {
    const since = await revision();
    const services = api.watch(`${SERVICES}?watch=1&resourceVersion=${since}&timeoutSeconds=5`);
    const pools = api.watch(`${POOLS}?watch=1&resourceVersion=${since}&timeoutSeconds=1`);
    while ((lab.server.requestCounts["watch ipaddresspools.metallb.io"] ?? 0) < 1) await revision();
    lab.server.testing.expireWatches("services");
    expect((await services).events.at(-1)).toMatchObject({ type: "ERROR", object: { code: 410 } });
    expect((await pools).events).toEqual([]);
  });

  test("sends its headers before there is any event", async () => {
    const { code, ms } = await api.watch(`${POOLS}?watch=1&resourceVersion=${await revision()}&timeoutSeconds=1`, {});
    expect(code).toBe(200);
    expect(ms).toBeLessThan(3000);
  });

  test("ends with a bookmark when other resources have moved on", async () => {
    const since = await revision();
    const path = `${POOLS}?watch=1&resourceVersion=${since}&allowWatchBookmarks=true&timeoutSeconds=3`;
    const watch = api.watch(path);
    await api.post(SERVICES, service("unrelated"));
    const latest = await revision();
    const { events } = await watch;
    expect(events).toMatchObject([
      { type: "BOOKMARK", object: { kind: "IPAddressPool", metadata: { resourceVersion: latest } } },
    ]);
  });

  test("list of initial events ends with its own bookmark, then goes on", async () => {
    await api.post(POOLS, pool("one", { addresses: ["10.0.0.0/24"] }));
    const query =
      "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=5";
    const watch = api.watch(`${POOLS}?${query}`, { enough: 3 });
    while ((lab.server.requestCounts["watch ipaddresspools.metallb.io"] ?? 0) < 4) await revision();
    await api.post(POOLS, pool("two", { addresses: ["10.0.1.0/24"] }));
    const { events } = await watch;
    expect(events.map(({ type }) => type)).toEqual(["ADDED", "BOOKMARK", "ADDED"]);
    expect(events[1].object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  });

  test.each([
    { query: "sendInitialEvents=true", message: "sendInitialEvents requires setting resourceVersionMatch" },
    { query: "resourceVersionMatch=NotOlderThan", message: "forbidden for watch unless sendInitialEvents is provided" },
  ])("with $query alone is refused before it begins", async ({ query, message }) => {
    expect(summary(await api.get(`${SERVICES}?watch=1&${query}`))).toContain(message);
  });

  test("of a custom resource as a table has the columns of its definition, once", async () => {
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    await api.post(POOLS, pool("three", { addresses: ["10.0.2.0/24"] }));
    const { events } = await api.watch(`${POOLS}?watch=1&timeoutSeconds=1`, { accept });
    const [first, second] = events.map(({ object }) => object.columnDefinitions);
    expect(first.map(({ name }: { name: string }) => name)).toEqual([
      "Name",
      "Auto Assign",
      "Avoid Buggy IPs",
      "Addresses",
    ]);
    expect(second).toBeNull();
    expect(events[0].object.rows[0].cells).toEqual(["one", true, false, '["10.0.0.0/24"]']);
  });
});

test("a server that closes ends its watches", async () => {
  const other = await startApiServerLab();
  const watch = other.api.watch(`${SERVICES}?watch=1&resourceVersion=0`);
  while (other.server.requestCounts["watch services"] !== 1) await other.api.get(SERVICES);
  await other.server.close();
  expect(seen((await watch).events)).toEqual(["ADDED kubernetes"]);
  other.api.close();
});
