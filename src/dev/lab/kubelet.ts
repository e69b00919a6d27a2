import { get } from "node:http";
import { KINDS } from "../../config/kinds.ts";
import { millis } from "../../lib/duration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KubeClient, ObjectKey } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import { freePodAddresses } from "./pod-plan.ts";
import type { LabPod, Probe } from "./pod-view.ts";
import type { LabNode } from "./topology.ts";

const PROBE_INTERVAL = millis(200);
const PROBE_TIMEOUT = millis(1000);

/** The part of a kubelet that others can see: Pods bound to the node get addresses, and are ready when their probe says so. */
export class Kubelet {
  readonly #node: LabNode;
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pods = new Map<ObjectKey, LabPod>();
  /** What was written last and may not have come back yet. */
  readonly #assigned = new Map<ObjectKey, readonly string[]>();

  constructor(node: LabNode, ports: { readonly client: KubeClient; readonly clock: Clock; readonly log: Log }) {
    this.#node = node;
    this.#client = ports.client;
    this.#clock = ports.clock;
    this.#log = ports.log;
  }

  /** The Pods bound to this node. */
  get pods(): Iterable<LabPod> {
    return this.#pods.values();
  }

  set(key: ObjectKey, pod: LabPod): void {
    if (pod.node !== this.#node.name) {
      this.delete(key);
      return;
    }
    const isNew = !this.#pods.has(key);
    this.#pods.set(key, pod);
    if (isNew) void this.#watchOver(key);
  }

  delete(key: ObjectKey): void {
    this.#pods.delete(key);
    this.#assigned.delete(key);
  }

  /** Probes a Pod as long as it exists, and writes its status when that changes. */
  async #watchOver(key: ObjectKey): Promise<void> {
    let written: string | undefined;
    for (let pod = this.#pods.get(key); pod !== undefined; pod = this.#pods.get(key)) {
      const addresses = this.#addressesOf(key, pod);
      const unready = pod.probe === undefined ? "" : await whyNot(pod.probe, addresses[0]!);
      if (unready !== written && (await this.#write(pod, addresses, unready))) written = unready;
      if (written !== undefined && pod.probe === undefined) return;
      await new Promise<void>((resolve) => void this.#clock.after(PROBE_INTERVAL, resolve));
    }
  }

  #addressesOf(key: ObjectKey, pod: LabPod): readonly string[] {
    if (pod.addresses.length > 0) return pod.addresses;
    const known = this.#assigned.get(key);
    if (known !== undefined) return known;
    const taken = new Set(
      [...[...this.#pods.values()].map((other) => other.addresses), ...this.#assigned.values()].flat(),
    );
    const addresses = pod.hostNetwork ? [this.#node.ipv4, this.#node.ipv6] : freePodAddresses(taken, this.#node);
    this.#assigned.set(key, addresses);
    return addresses;
  }

  async #write(pod: LabPod, addresses: readonly string[], unready: string): Promise<boolean> {
    const now = new Date(this.#clock.wallTime());
    const body = { status: podStatus(pod, this.#node, { addresses, unready, now }) };
    const name = { namespace: pod.namespace, name: pod.name };
    const result = await this.#client.patch(KINDS.Pod, name, { type: "merge", body }, { subresource: "status" });
    if (result.ok) this.#log.info({ pod: pod.name, ready: unready === "", unready }, "pod status written");
    else this.#log.warn({ pod: pod.name, error: result.error.message }, "pod status could not be written");
    return result.ok;
  }
}

interface PodFacts {
  readonly addresses: readonly string[];
  /** Why the Pod is not ready; "" when it is. */
  readonly unready: string;
  readonly now: Date;
}

function podStatus(pod: LabPod, node: LabNode, { addresses, unready, now }: PodFacts): object {
  const time = `${now.toISOString().slice(0, 19)}Z`;
  const condition = (type: string, problem: string): object => ({
    type,
    status: problem === "" ? "True" : "False",
    lastTransitionTime: time,
    ...(problem === "" ? {} : { reason: "ContainersNotReady", message: problem }),
  });
  return {
    phase: "Running",
    hostIP: node.ipv4,
    podIP: addresses[0],
    podIPs: addresses.map((ip) => ({ ip })),
    startTime: time,
    conditions: [
      condition("PodScheduled", ""),
      condition("Initialized", ""),
      condition("ContainersReady", unready),
      condition("Ready", unready),
    ],
    containerStatuses: pod.containers.map((name) => ({
      name,
      image: "metallb-lab",
      imageID: "metallb-lab",
      ready: unready === "",
      started: true,
      restartCount: 0,
      state: { running: { startedAt: time } },
    })),
  };
}

/** A probe's answer is shown to people: as much of it as fits on a few lines. */
const MOST_PROBE_TEXT = 500;

/** Asks the probe; resolves to "" for yes, else to what it said or what went wrong. */
function whyNot(probe: Probe, address: string): Promise<string> {
  return new Promise((resolve) => {
    const target = { host: probe.host ?? address, port: probe.port, path: probe.path };
    const request = get({ ...target, agent: false, timeout: PROBE_TIMEOUT }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text = `${text}${chunk.toString()}`.slice(0, MOST_PROBE_TEXT)));
      response.on("error", (error) => resolve(error.message));
      response.on("end", () => resolve(response.statusCode === 200 ? "" : `${probe.path} says ${text.trim()}`));
    });
    request.on("timeout", () => request.destroy(new Error(`${probe.path} does not answer`)));
    request.on("error", (error) => resolve(error.message));
  });
}
