import { describe, expect, test } from "vitest";
import { FakeRuntime, type FakeProcess } from "../../../test/support/fake-runtime.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { RecordingKube } from "../../../test/support/recording-kube.ts";
import { RecordingLog } from "../../../test/support/recording-log.ts";
import { settle } from "../../../test/support/settle.ts";
import { KINDS } from "../../config/kinds.ts";
import { millis, seconds } from "../../lib/duration.ts";
import { ok } from "../../lib/result.ts";
import type { KubeObject, ObjectName, ResourceType } from "../../ports/kube.ts";
import { Kubelet } from "./kubelet.ts";
import { projectPod } from "./pod-spec.ts";

const HOST = ["192.168.1.11", "fd00:192:168:1::11"];

function pod(name: string, spec: object = {}, metadata: object = {}): KubeObject {
  return {
    metadata: { name, namespace: "webapp", uid: `uid-${name}`, ...metadata },
    spec: { nodeName: "node-1", containers: [{ name: "app" }], ...spec },
  };
}

function program(container: object = {}, spec: object = {}): KubeObject {
  return pod("it", { containers: [{ name: "main", image: "ghcr.io/metallb-ts/controller:1", ...container }], ...spec });
}

interface World {
  readonly kube: RecordingKube;
  readonly runtime: FakeRuntime;
  readonly kubelet: Kubelet;
  readonly finished: string[];
  statusOf(name: string): Record<string, unknown>;
  pass(seconds: number): Promise<void>;
  /** The process that was started last. */
  process(): FakeProcess;
}

/** A kubelet of node-1 that sees all Pods of an API server in memory. */
async function world(...pods: readonly KubeObject[]): Promise<World> {
  const clock = new ManualClock();
  const kube = new RecordingKube(() => clock.wallTime());
  const create = kube.create.bind(kube);
  kube.create = async (resource: ResourceType, body, options) =>
    resource.kind === "TokenRequest"
      ? ok({ metadata: { name: "" }, status: { token: `token of ${resource.plural.split("/")[1]}` } })
      : create(resource, body, options);
  for (const object of pods) kube.apply(KINDS.Pod, object);
  const runtime = new FakeRuntime();
  const finished: string[] = [];
  const finish = async ({ name }: ObjectName) => {
    finished.push(name);
    kube.remove(KINDS.Pod, `webapp/${name}`);
    return ok(undefined);
  };
  const kubelet = new Kubelet(
    {
      node: "node-1",
      hostAddresses: HOST,
      freeAddresses: (taken) => [taken.has("10.244.1.2") ? "10.244.1.3" : "10.244.1.2"],
      apiServer: { host: "192.168.1.254", port: "6443", authority: "PEM" },
    },
    { client: kube, watcher: kube, clock, log: new RecordingLog(), runtime, finish },
  );
  kube.watch(
    { resource: KINDS.Pod, project: projectPod },
    { set: (key, value) => kubelet.set(key, value), delete: (key) => kubelet.delete(key), synced: () => undefined },
  );
  await settle();
  return {
    kube,
    runtime,
    kubelet,
    finished,
    statusOf: (name) => kube.object(KINDS.Pod, `webapp/${name}`)?.["status"] as Record<string, unknown>,
    pass: async (time) => {
      for (let passed = 0; passed < time * 1000; passed += 250) {
        clock.advance(millis(250));
        await settle(4);
      }
    },
    process: () => runtime.processes.at(-1)!,
  };
}

const READY = expect.arrayContaining([expect.objectContaining({ type: "Ready", status: "True" })]) as unknown;

function unready(message: string): unknown {
  return expect.arrayContaining([expect.objectContaining({ type: "Ready", status: "False", message })]);
}

describe("stand-ins", () => {
  test.each([
    { kind: "a Pod", spec: {}, podIPs: [{ ip: "10.244.1.2" }] },
    { kind: "a Pod on the host's network", spec: { hostNetwork: true }, podIPs: HOST.map((ip) => ({ ip })) },
  ])("$kind gets its addresses and is ready", async ({ spec, podIPs }) => {
    const { statusOf } = await world(pod("web", spec));
    const ends = { hostIP: HOST[0], podIP: podIPs[0]!.ip, podIPs };
    expect(statusOf("web")).toMatchObject({ phase: "Running", conditions: READY, ...ends });
  });

  test("Pods that come together get different addresses", async () => {
    const { statusOf } = await world(pod("a"), pod("b"));
    expect([statusOf("a")["podIP"], statusOf("b")["podIP"]]).toEqual(["10.244.1.2", "10.244.1.3"]);
  });

  test("Pods of other nodes, and of none, are left alone", async () => {
    const { kube } = await world(pod("a", { nodeName: "node-2" }), pod("b", { nodeName: undefined }));
    expect(kube.requests).toEqual([]);
  });

  test("go as soon as they are deleted", async () => {
    const { kube, finished } = await world(pod("web"));
    kube.apply(KINDS.Pod, pod("web", {}, { deletionTimestamp: "now" }));
    await settle();
    expect(finished).toEqual(["web"]);
  });
});

describe("programs", () => {
  test("start in their Pod's network, with its account, and are ready when they run", async () => {
    const { runtime, process, statusOf } = await world(program({}, { serviceAccountName: "sa" }));
    expect(process().launch).toMatchObject({ network: "pod-20", logFile: "/logs/it" });
    expect(runtime.volumes.get("/pods/it/volumes/kube-api-access")).toEqual({
      token: "token of sa",
      "ca.crt": "PEM",
      namespace: "webapp",
    });
    const status = { phase: "Running", conditions: READY, podIP: "192.168.1.20", hostIP: HOST[0] };
    expect(statusOf("it")).toMatchObject(status);
  });

  test("wait for a Secret, say so, and get what comes later as well", async () => {
    const volumes = [{ name: "keys", secret: { secretName: "keys" } }];
    const { kube, runtime, statusOf } = await world(program({}, { volumes }));
    expect(runtime.processes).toEqual([]);
    const why = 'MountVolume.SetUp failed for volume "keys" : secret "keys" not found';
    expect(statusOf("it")).toMatchObject({ phase: "Pending", conditions: unready(why) });

    const secret = (text: string): KubeObject => ({
      metadata: { name: "keys", namespace: "webapp" },
      data: { key: Buffer.from(text).toString("base64") },
    });
    kube.apply(KINDS.Secret, secret("first"));
    await settle();
    expect(runtime.volumes.get("/pods/it/volumes/keys")).toEqual({ key: "first" });
    await settle();
    kube.apply(KINDS.Secret, secret("second"));
    await settle();
    expect(runtime.volumes.get("/pods/it/volumes/keys")).toEqual({ key: "second" });
  });

  test("that end are started again: at once, and then later each time", async () => {
    const { runtime, process, pass, statusOf } = await world(program());
    process().exit(3);
    await pass(1);
    expect(runtime.processes).toHaveLength(2);
    process().exit(3);
    await pass(1);
    expect(runtime.processes).toHaveLength(2);
    expect(statusOf("it")).toMatchObject({
      conditions: unready("main: back-off 10s restarting failed container=main"),
      containerStatuses: [
        {
          restartCount: 1,
          ready: false,
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: { exitCode: 3, reason: "Error" } },
        },
      ],
    });
    await pass(10);
    expect(runtime.processes).toHaveLength(3);
    process().exit(3);
    await pass(15);
    expect(runtime.processes).toHaveLength(3);
    await pass(6);
    expect(runtime.processes).toHaveLength(4);
  });

  test("that are to end once are done, and are never seen to run when they are quick", async () => {
    const { process, pass, statusOf, kube } = await world(program({}, { restartPolicy: "Never" }));
    process().exit(0);
    await pass(2);
    expect(statusOf("it")).toMatchObject({ phase: "Succeeded" });
    const phases = kube.requests.map(({ body }) => (body as { status?: { phase?: string } }).status?.phase);
    expect(phases).not.toContain("Running");
  });

  test("are told to end, are made to after their grace period, and their Pod goes then", async () => {
    const { kube, runtime, process, pass, finished } = await world(program({}, { terminationGracePeriodSeconds: 5 }));
    kube.edit(KINDS.Pod, "webapp/it", { metadata: { deletionTimestamp: "now", deletionGracePeriodSeconds: 5 } });
    await pass(4);
    expect(process().signals).toEqual(["SIGTERM"]);
    expect(finished).toEqual([]);
    await pass(2);
    expect(process().signals).toEqual(["SIGTERM", "SIGKILL"]);
    expect(finished).toEqual(["it"]);
    expect(runtime.removed).toEqual(["/pods/it"]);
    expect(runtime.networks).toBe(0);
    expect(runtime.processes).toHaveLength(1);
  });

  test("end when their object is gone, and nobody is told", async () => {
    const { kube, runtime, process, finished } = await world(program({}, { terminationGracePeriodSeconds: 0 }));
    kube.remove(KINDS.Pod, "webapp/it");
    await settle();
    expect(process().signals).toEqual(["SIGKILL"]);
    expect([finished, runtime.networks]).toEqual([[], 0]);
  });

  test("that are held stay ended until they are released", async () => {
    const { kubelet, runtime, process, pass, statusOf } = await world(program());
    const held = kubelet.worker("webapp/it")!.hold("SIGKILL");
    await pass(30);
    await held;
    expect(process().signals).toEqual(["SIGKILL"]);
    expect(runtime.processes).toHaveLength(1);
    expect(statusOf("it")).toMatchObject({ conditions: unready("main: it ended with code 137") });
    kubelet.worker("webapp/it")!.release();
    await settle();
    expect(runtime.processes).toHaveLength(2);
    expect(statusOf("it")).toMatchObject({ conditions: READY });
  });

  test("start after those that come before them", async () => {
    const init = { name: "first", image: "ghcr.io/metallb-ts/controller" };
    const { runtime, process, pass } = await world(program({}, { initContainers: [init] }));
    await pass(1);
    expect(runtime.processes).toHaveLength(1);
    process().exit(0);
    await pass(1);
    expect(runtime.processes).toHaveLength(2);
    expect(process().launch.script).toContain("/roots/main");
  });

  test("are not disturbed by stand-ins beside them", async () => {
    const sidecar = { name: "side", image: "nginx" };
    const main = { name: "main", image: "ghcr.io/metallb-ts/controller" };
    const { statusOf, runtime } = await world(pod("it", { containers: [main, sidecar] }));
    expect(runtime.processes).toHaveLength(1);
    expect(statusOf("it")).toMatchObject({ containerStatuses: [{ name: "main" }, { name: "side", ready: true }] });
  });

  test("a token is renewed before its life is over", async () => {
    const { kube, runtime, pass } = await world(program());
    kube.create = async () => ok({ metadata: { name: "" }, status: { token: "new" } });
    await pass(seconds(2881) / 1000);
    expect(runtime.volumes.get("/pods/it/volumes/kube-api-access")).toMatchObject({ token: "new" });
  });
});

test("a Pod that is deleted while its network is made leaves nothing behind", async () => {
  const { kube, runtime, pass, finished } = await world();
  const open = runtime.openNetwork.bind(runtime);
  const made = Promise.withResolvers<void>();
  runtime.openNetwork = async () => {
    await made.promise;
    return open();
  };
  kube.apply(KINDS.Pod, program());
  await settle();
  kube.edit(KINDS.Pod, "webapp/it", { metadata: { deletionTimestamp: "now" } });
  await settle();
  expect(finished).toEqual([]);
  made.resolve();
  await pass(1);
  expect([finished, runtime.networks, runtime.processes, runtime.removed]).toEqual([["it"], 0, [], ["/pods/it"]]);
});
