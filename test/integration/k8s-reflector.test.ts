import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { MAX_LINE_BYTES } from "../../src/k8s/watch-transport.ts";
import { millis } from "../../src/lib/duration.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { createLog } from "../../src/telemetry/logger.ts";
import { answerEvents, answerJson, answerStatus, type Answer, ScriptedApi } from "../support/scripted-api.ts";

/** More of it, and a busy machine would be too slow for the reflector's own limits. */
const HURRY = 20;

/** Real time, with the waits between attempts shortened. */
const hurried: Clock = {
  now: () => millis(performance.now()),
  wallTime: () => Date.now(),
  after: (after, fire) => {
    const timer = setTimeout(fire, after / HURRY);
    return { cancel: () => clearTimeout(timer) };
  },
};

const service = (name: string, version: string, color = "") => ({
  metadata: { name, namespace: "shop", resourceVersion: version, labels: { color } },
});
const added = (name: string, version: string) => ({ type: "ADDED", object: service(name, version) });
const modified = (name: string, version: string) => ({ type: "MODIFIED", object: service(name, version) });
const initialEnd = (version: string) => ({
  type: "BOOKMARK",
  object: { metadata: { resourceVersion: version, annotations: { "k8s.io/initial-events-end": "true" } } },
});
const bookmark = (version: string) => ({ type: "BOOKMARK", object: { metadata: { resourceVersion: version } } });

const SOON = { timeout: 5000, interval: 5 };

let api: ScriptedApi;
let told: string[];
let lines: Record<string, unknown>[];
let close: () => void;

beforeEach(async () => {
  api = await ScriptedApi.start();
  told = [];
  lines = [];
  close = () => {};
});

afterEach(async () => {
  close();
  await api.close();
});

function watch(...answers: readonly Answer[]): void {
  api.script(...answers);
  const log = createLog({ level: "debug", write: (line) => lines.push(JSON.parse(line)) });
  const watcher = createKubeWatcher(api.endpoint, { clock: hurried, random: { next: () => 0.5 }, log });
  const handle = watcher.watch(
    { resource: KINDS.Service, project: (object) => object.metadata.resourceVersion },
    {
      set: (key, version) => told.push(`set ${key}@${version}`),
      delete: (key) => told.push(`delete ${key}`),
      synced: () => told.push("synced"),
    },
  );
  close = () => handle.close();
}

async function expectQuery(index: number, expected: Readonly<Record<string, string | null>>): Promise<void> {
  await vi.waitFor(() => expect(api.requests.length).toBeGreaterThan(index), SOON);
  const { query } = api.requests[index]!;
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, query.get(name)]))).toEqual(expected);
}

const UNSUPPORTED = answerStatus(422, "Invalid", "sendInitialEvents is forbidden");

describe("reflector over HTTPS", () => {
  test("a streaming list tells everything, then synced, then changes", async () => {
    watch(answerEvents(added("a", "1"), added("b", "2"), initialEnd("5"), modified("a", "6")));
    await expect.poll(() => told, SOON).toEqual(["set shop/a@1", "set shop/b@2", "synced", "set shop/a@6"]);
    await expectQuery(0, {
      watch: "true",
      allowWatchBookmarks: "true",
      sendInitialEvents: "true",
      resourceVersionMatch: "NotOlderThan",
      timeoutSeconds: "450",
      resourceVersion: null,
    });
    expect(api.requests[0]!.headers.authorization).toBe("Bearer secret-token");
  });

  test.each([
    { name: "422", answer: UNSUPPORTED },
    { name: "400", answer: answerStatus(400, "BadRequest", "unknown parameter") },
  ])("without streaming lists ($name) it lists in pages and watches from there", async ({ answer }) => {
    watch(
      answer,
      answerJson(200, { items: [service("a", "1")], metadata: { resourceVersion: "7", continue: "next" } }),
      answerJson(200, { items: [service("b", "2")], metadata: { resourceVersion: "7" } }),
      answerEvents({ type: "DELETED", object: service("a", "8") }),
    );
    await expect.poll(() => told, SOON).toEqual(["set shop/a@1", "set shop/b@2", "synced", "delete shop/a"]);
    await expectQuery(1, { limit: "500", continue: null, watch: null });
    await expectQuery(2, { limit: "500", continue: "next" });
    await expectQuery(3, { watch: "true", resourceVersion: "7", sendInitialEvents: null });
  });

  test("410 in the stream leads to a relist that tells only the differences", async () => {
    const expired = { type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired", message: "too old" } };
    watch(
      answerEvents(added("kept", "1"), added("changed", "2"), added("gone", "3"), initialEnd("3"), expired),
      answerEvents(added("kept", "1"), added("changed", "9"), added("new", "8"), initialEnd("9")),
    );
    await expect
      .poll(() => told, SOON)
      .toEqual([
        "set shop/kept@1",
        "set shop/changed@2",
        "set shop/gone@3",
        "synced",
        "set shop/changed@9",
        "set shop/new@8",
        "delete shop/gone",
      ]);
  });

  test("a connection dropped in the middle of a line resumes from the last complete event or bookmark", async () => {
    const drop: Answer = (response, request) => {
      answerEvents(added("a", "1"), initialEnd("1"), modified("a", "2"), bookmark("40"))(response, request);
      response.write('{"type":"MODIFIED","object":{"metadata":{"name":"a","na');
      setTimeout(() => response.socket?.destroy(), 20);
    };
    watch(drop, answerEvents(modified("a", "41")));
    await expect.poll(() => told, SOON).toEqual(["set shop/a@1", "synced", "set shop/a@2", "set shop/a@41"]);
    await expectQuery(1, { resourceVersion: "40", sendInitialEvents: null });
    expect(lines.filter((line) => line["level"] === "warn")).toMatchObject([
      { resource: "services", op: "stream-list" },
    ]);
    expect(lines.at(-1)).toMatchObject({ level: "info", msg: "watch works again" });
  });

  test("events that arrive in small pieces are put together", async () => {
    const slow: Answer = (response) => {
      response.writeHead(200);
      const bytes = Buffer.from(`${JSON.stringify(added("käse", "1"))}\n${JSON.stringify(initialEnd("1"))}\n`);
      let at = 0;
      const timer = setInterval(() => {
        response.write(bytes.subarray(at, at + 7));
        at += 7;
        if (at >= bytes.length) clearInterval(timer);
      }, 1);
    };
    watch(slow);
    await expect.poll(() => told, SOON).toEqual(["set shop/käse@1", "synced"]);
  });

  test.each([
    {
      name: "429",
      first: answerJson(429, { kind: "Status", code: 429 }, { "Retry-After": "20" }),
      atLeast: 20_000 / HURRY,
    },
    { name: "401", first: answerStatus(401, "Unauthorized", "who?"), atLeast: 400 / HURRY },
    { name: "503", first: answerStatus(503, "ServiceUnavailable", "later"), atLeast: 400 / HURRY },
    { name: "a body that is no event", first: answerEvents({ hello: 1 }), atLeast: 400 / HURRY },
    { name: "an oversized line", first: oversized(), atLeast: 400 / HURRY },
  ])("$name is waited out, with one warning", async ({ first, atLeast }) => {
    const start = performance.now();
    watch(first, answerEvents(added("a", "1"), initialEnd("1")));
    await expect.poll(() => told, SOON).toEqual(["set shop/a@1", "synced"]);
    expect(performance.now() - start).toBeGreaterThan(atLeast);
    await expectQuery(1, { sendInitialEvents: "true" });
    expect(lines.filter((line) => line["level"] === "warn")).toHaveLength(1);
  });

  test("a server that answers every request with 410 is not asked in a hot loop", async () => {
    watch(answerStatus(410, "Expired", "always"));
    await new Promise((resolve) => setTimeout(resolve, 20_000 / HURRY));
    // Without a limit there would be hundreds in 20 s.
    expect(api.requests.length).toBeGreaterThan(2);
    expect(api.requests.length).toBeLessThan(12);
  });

  test("a server that is not there is found once it comes", async () => {
    const { endpoint } = api;
    await api.close();
    const log = createLog({ level: "debug", write: (line) => lines.push(JSON.parse(line)) });
    const watcher = createKubeWatcher(endpoint, { clock: hurried, random: { next: () => 0.5 }, log });
    const handle = watcher.watch(
      { resource: KINDS.Service, project: () => 0 },
      { set: () => {}, delete: () => {}, synced: () => {} },
    );
    await vi.waitFor(() => expect(lines).toMatchObject([{ level: "warn", reason: "ECONNREFUSED" }]));
    handle.close();
    api = await ScriptedApi.start();
  });
});

function oversized(): Answer {
  return (response) => {
    response.writeHead(200);
    response.end(Buffer.alloc(MAX_LINE_BYTES + 1, 0x20));
  };
}
