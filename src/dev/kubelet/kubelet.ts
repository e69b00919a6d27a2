import type { Clock } from "../../ports/clock.ts";
import type { KubeClient, KubeWatcher, ObjectKey } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import { allVolumes, hasPrograms } from "./container-plan.ts";
import { type FinishPod, PodReports } from "./pod-reports.ts";
import type { PodSpec } from "./pod-spec.ts";
import { PodWorker, standInFacts } from "./pod-worker.ts";
import type { Runtime } from "./runtime.ts";
import { SourceWatches } from "./source-watches.ts";
import { sourcesOfPod } from "./sources.ts";
import { Tokens } from "./tokens.ts";

export interface KubeletPorts {
  readonly client: KubeClient;
  readonly watcher: KubeWatcher;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Runtime;
  readonly finish: FinishPod;
}

export interface KubeletOptions {
  readonly node: string;
  /** The node's own, one per family. */
  readonly hostAddresses: readonly string[];
  /** The addresses of a new Pod of stand-ins; `taken` are those of the others. */
  readonly freeAddresses: (taken: ReadonlySet<string>) => readonly string[];
  /** Where Pods reach the API server, and the PEM of its authority. */
  readonly apiServer: { readonly host: string; readonly port: string; readonly authority: string };
}

/**
 * Runs the Pods that are bound to a node: programs of known images as what they are, everything else as a stand-in that
 * has an address, is ready, and goes when it is told to.
 */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #ports: KubeletPorts;
  readonly #reports: PodReports;
  readonly #tokens: Tokens;
  readonly #sources: SourceWatches;
  readonly #pods = new Map<ObjectKey, PodSpec>();
  readonly #workers = new Map<string, PodWorker>();
  /** Addresses of stand-ins, by UID: what was given may not have come back yet. */
  readonly #assigned = new Map<string, readonly string[]>();

  constructor(options: KubeletOptions, ports: KubeletPorts) {
    this.#options = options;
    this.#ports = ports;
    const changed = (): void => {
      for (const worker of this.#workers.values()) worker.sourcesChanged();
    };
    this.#reports = new PodReports(ports);
    this.#tokens = new Tokens(ports.client, ports.clock, changed);
    this.#sources = new SourceWatches(ports.watcher, changed);
  }

  /** The Pods bound to this node. */
  get pods(): Iterable<PodSpec> {
    return this.#pods.values();
  }

  /** The worker of a Pod that has programs. */
  worker(key: ObjectKey): PodWorker | undefined {
    return this.#workers.get(this.#pods.get(key)?.uid ?? "");
  }

  set(key: ObjectKey, pod: PodSpec): void {
    const before = this.#pods.get(key);
    if (before !== undefined && before.uid !== pod.uid) this.delete(key);
    if (pod.node !== this.#options.node) return this.delete(key);
    this.#pods.set(key, pod);
    if (!hasPrograms(pod)) return this.#standIn(pod);
    const worker = this.#workers.get(pod.uid) ?? this.#take(pod);
    worker.update(pod);
  }

  delete(key: ObjectKey): void {
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    this.#pods.delete(key);
    this.#assigned.delete(pod.uid);
    this.#reports.forget(pod);
    this.#tokens.forget(pod);
    this.#sources.use(pod.uid, []);
    void this.#workers.get(pod.uid)?.gone();
    this.#workers.delete(pod.uid);
  }

  #take(pod: PodSpec): PodWorker {
    const { hostAddresses, apiServer } = this.#options;
    this.#sources.use(pod.uid, sourcesOfPod(pod, allVolumes(pod)));
    const worker = new PodWorker(pod, {
      ...this.#ports,
      hostAddresses,
      apiServer,
      reports: this.#reports,
      tokens: this.#tokens,
      lookUp: (name) => this.#sources.lookUp(name),
    });
    this.#workers.set(pod.uid, worker);
    return worker;
  }

  #standIn(pod: PodSpec): void {
    if (pod.deleted) return void this.#reports.finish(pod);
    const since = this.#ports.clock.wallTime();
    if (this.#assigned.has(pod.uid)) return;
    const { hostAddresses } = this.#options;
    const addresses = this.#addressesOf(pod);
    this.#assigned.set(pod.uid, addresses);
    const containers = pod.containers.map((spec) => standInFacts(spec, since));
    this.#reports.report(pod, { hostAddresses, addresses, initContainers: [], containers, hindrance: "", since });
  }

  #addressesOf(pod: PodSpec): readonly string[] {
    if (pod.addresses.length > 0) return pod.addresses;
    if (pod.hostNetwork) return this.#options.hostAddresses;
    const taken = [...[...this.#pods.values()].map(({ addresses }) => addresses), ...this.#assigned.values()];
    return this.#options.freeAddresses(new Set(taken.flat()));
  }
}
