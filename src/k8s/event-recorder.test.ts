import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { kubeError, RecordingKube } from "../../test/support/recording-kube.ts";
import { RecordingLog } from "../../test/support/recording-log.ts";
import { settle } from "../../test/support/settle.ts";
import { KINDS } from "../config/kinds.ts";
import { millis, seconds } from "../lib/duration.ts";
import type { KubeEvent } from "../ports/kube.ts";
import { createEventRecorder } from "./event-recorder.ts";

const allocated: KubeEvent = {
  regarding: { apiVersion: "v1", kind: "Service", namespace: "shop", name: "web", uid: "u-1" },
  type: "Normal",
  reason: "IPAllocated",
  message: 'Assigned IP ["192.168.1.200"]',
};

let clock: ManualClock;
let kube: RecordingKube;
let log: RecordingLog;
let recorder: ReturnType<typeof createEventRecorder>;

beforeEach(() => {
  clock = new ManualClock();
  kube = new RecordingKube(() => clock.wallTime());
  log = new RecordingLog();
  recorder = createEventRecorder(kube, { component: "metallb-controller", host: "node-a", clock, log });
});

async function pass(ms: number): Promise<void> {
  await settle();
  clock.advance(millis(ms));
  await settle();
}

const events = () => kube.objects(KINDS.Event);

describe("event recorder", () => {
  test("an event has what kubectl describe and kubectl events show", async () => {
    recorder.record(allocated);
    await settle();
    expect(events()).toMatchObject([
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: { namespace: "shop", name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) },
        involvedObject: { apiVersion: "v1", kind: "Service", namespace: "shop", name: "web", uid: "u-1" },
        type: "Normal",
        reason: "IPAllocated",
        message: 'Assigned IP ["192.168.1.200"]',
        source: { component: "metallb-controller", host: "node-a" },
        firstTimestamp: "2026-01-01T00:00:00Z",
        lastTimestamp: "2026-01-01T00:00:00Z",
        count: 1,
        reportingComponent: "metallb-controller",
        reportingInstance: "node-a",
      },
    ]);
  });

  test("an event about a cluster-scoped object goes to the default namespace", async () => {
    recorder.record({ ...allocated, regarding: { ...allocated.regarding, kind: "Node", namespace: "" } });
    await settle();
    expect(events()[0]!.metadata.namespace).toBe("default");
    expect(events()[0]!["involvedObject"]).not.toHaveProperty("namespace");
  });

  test("repeats within an hour raise the count of one event", async () => {
    recorder.record(allocated);
    await pass(60_000);
    recorder.record(allocated);
    recorder.record(allocated);
    await pass(0);
    expect(events()).toMatchObject([{ count: 3, lastTimestamp: "2026-01-01T00:01:00Z" }]);
    expect(kube.requests.map((request) => request.verb)).toEqual(["create", "patch"]);
  });

  test.each([
    { name: "after an hour", other: allocated, wait: seconds(3600) },
    { name: "with another message", other: { ...allocated, message: "else" }, wait: seconds(1) },
    { name: "about a new object of the same name", other: withUid("u-2"), wait: seconds(1) },
  ])("an event $name is a new one", async ({ other, wait }) => {
    recorder.record(allocated);
    await pass(wait);
    recorder.record(other);
    await settle();
    expect(events()).toHaveLength(2);
  });

  test("a repeat of an event that the server has dropped makes a new one", async () => {
    recorder.record(allocated);
    await pass(1000);
    for (const event of events()) kube.remove(KINDS.Event, `shop/${event.metadata.name}`);
    recorder.record(allocated);
    await settle();
    expect(events()).toMatchObject([{ count: 1 }]);
  });

  test("what failed is sent again, together with what came meanwhile", async () => {
    kube.fail(kubeError(503, "ServiceUnavailable"), 2);
    recorder.record(allocated);
    await settle();
    recorder.record(allocated);
    await pass(5);
    await pass(10);
    expect(events()).toMatchObject([{ count: 2 }]);
  });

  test("what is forbidden is given up, and no one is bothered", async () => {
    kube.fail(kubeError(403, "Forbidden"), 100);
    recorder.record(allocated);
    await pass(60_000);
    expect(kube.requests).toHaveLength(1);
    expect(log.lines).toMatchObject([{ level: "debug", message: "event not sent" }]);
  });

  test("that no role allows events is said once", async () => {
    kube.fail(kubeError(403, "Forbidden", 'events is forbidden: User "u" cannot create resource "events"'), 100);
    for (const message of ["one", "two"]) recorder.record({ ...allocated, message });
    await pass(60_000);
    expect(kube.requests).toHaveLength(2);
    expect(log.messages("warn")).toEqual([expect.stringContaining('cannot create resource "events"')]);
  });

  test("while the server is away the queue is bounded and the log says so once", async () => {
    kube.fail({ ...kubeError(503, "ServiceUnavailable"), retryAfter: seconds(60) }, 5000);
    for (let i = 0; i < 10_000; i++) recorder.record({ ...allocated, message: String(i) });
    await settle();
    expect(log.messages("warn")).toEqual(["too many events are waiting to be sent; dropping new ones"]);
  });

  test("a storm is paced to a thousand requests and then a hundred a second", async () => {
    for (let i = 0; i < 3000; i++) recorder.record({ ...allocated, message: String(i) });
    await settle(500);
    expect(kube.requests).toHaveLength(1000);
    for (let i = 0; i < 100; i++) await pass(10);
    expect(kube.requests.length).toBeGreaterThanOrEqual(1095);
    expect(kube.requests.length).toBeLessThanOrEqual(1105);
  });

  test("a message is cut to what API servers accept", async () => {
    recorder.record({ ...allocated, message: "x".repeat(5000) });
    await settle();
    expect(events()[0]!["message"]).toHaveLength(1024);
  });

  test("close sends what is pending", async () => {
    recorder.record(allocated);
    recorder.record({ ...allocated, reason: "Other" });
    await recorder.close();
    expect(events()).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  test("close waits no longer than two seconds for a server that is away", async () => {
    kube.fail({ ...kubeError(503, "ServiceUnavailable"), retryAfter: seconds(60) }, 1000);
    recorder.record(allocated);
    let closed = false;
    void recorder.close().then(() => (closed = true));
    await pass(1999);
    expect(closed).toBe(false);
    await pass(1);
    expect(closed).toBe(true);
    expect(clock.pending).toBe(0);
  });
});

function withUid(uid: string): KubeEvent {
  return { ...allocated, regarding: { ...allocated.regarding, uid } };
}
