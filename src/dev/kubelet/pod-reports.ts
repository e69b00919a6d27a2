import { KINDS } from "../../config/kinds.ts";
import { equalJson } from "../api-server/objects.ts";
import { seconds } from "../../lib/duration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KubeClient, KubeResult, ObjectName } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import type { PodSpec } from "./pod-spec.ts";
import { type Conditions, type PodFacts, podStatus } from "./pod-status.ts";

/** Says that a Pod has ended, so that its object may go: a deletion without a grace period. */
export type FinishPod = (pod: ObjectName & { readonly uid: string }) => Promise<KubeResult<undefined>>;

interface Report {
  readonly pod: PodSpec;
  readonly facts: PodFacts;
}

/** Writes Pods' statuses: of each Pod one at a time, the latest of those that came meanwhile, and nothing twice. */
export class PodReports {
  readonly #ports: {
    readonly client: KubeClient;
    readonly clock: Clock;
    readonly log: Log;
    readonly finish: FinishPod;
  };
  readonly #next = new Map<string, Report>();
  readonly #writing = new Set<string>();
  readonly #written = new Map<string, { readonly conditions: Conditions }>();

  constructor(ports: {
    readonly client: KubeClient;
    readonly clock: Clock;
    readonly log: Log;
    readonly finish: FinishPod;
  }) {
    this.#ports = ports;
  }

  report(pod: PodSpec, facts: PodFacts): void {
    this.#next.set(pod.uid, { pod, facts });
    if (!this.#writing.has(pod.uid)) void this.#write(pod.uid);
  }

  /** Nothing is written for a Pod from now on, and its object may go. */
  async finish(pod: PodSpec): Promise<void> {
    this.forget(pod);
    const result = await this.#ports.finish(pod);
    if (!result.ok && result.error.code !== 404 && result.error.code !== 409) {
      this.#ports.log.warn({ pod: pod.name, error: result.error.message }, "the end of a pod could not be told");
    }
  }

  forget({ uid }: PodSpec): void {
    this.#next.delete(uid);
    this.#written.delete(uid);
  }

  async #write(uid: string): Promise<void> {
    this.#writing.add(uid);
    // What comes in the same moment is one report.
    await Promise.resolve();
    for (let report = this.#take(uid); report !== undefined; report = this.#take(uid)) await this.#send(report);
    this.#writing.delete(uid);
  }

  #take(uid: string): Report | undefined {
    const report = this.#next.get(uid);
    this.#next.delete(uid);
    return report;
  }

  async #send(report: Report): Promise<void> {
    const { client, clock, log } = this.#ports;
    const { pod, facts } = report;
    const before = this.#written.get(pod.uid);
    const status = podStatus(pod, facts, before?.conditions ?? [], clock.wallTime());
    if (before !== undefined && equalJson(status, before)) return;
    const result = await client.patch(KINDS.Pod, pod, { type: "merge", body: { status } }, { subresource: "status" });
    if (result.ok) {
      this.#written.set(pod.uid, status);
      const unready = facts.containers.find((container) => container.unready !== "")?.unready ?? "";
      log.info({ pod: pod.name, phase: status.phase, unready: facts.hindrance || unready }, "pod status written");
    } else if (result.error.code !== 404) {
      log.warn({ pod: pod.name, error: result.error.message }, "pod status could not be written");
      await new Promise<void>((resolve) => void clock.after(seconds(1), resolve));
      if (!this.#next.has(pod.uid)) this.#next.set(pod.uid, report);
    }
  }
}
