import { millis, seconds } from "../../lib/duration.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { ContainerKeeper } from "./container-keeper.ts";
import { allVolumes, containerPlan, isProgram, mountPoints, volumeFolder } from "./container-plan.ts";
import type { ContainerFacts } from "./container-status.ts";
import { apiTime } from "./container-status.ts";
import type { Surroundings } from "./environment.ts";
import type { PodReports } from "./pod-reports.ts";
import type { ContainerSpec, PodSpec } from "./pod-spec.ts";
import { askProbe } from "./probe.ts";
import type { PodNetwork, RunningProcess, Runtime } from "./runtime.ts";
import { type LookUp, MissingSource } from "./sources.ts";
import type { Tokens } from "./tokens.ts";
import { filesOf } from "./volume-files.ts";

export interface WorkerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Runtime;
  readonly reports: PodReports;
  readonly tokens: Tokens;
  readonly lookUp: LookUp;
  readonly hostAddresses: readonly string[];
  readonly apiServer: { readonly host: string; readonly port: string; readonly authority: string };
}

/** Runs one Pod that has programs: network, volumes, containers, status, until it is deleted. */
export class PodWorker {
  readonly #ports: WorkerPorts;
  readonly #folder: string;
  readonly #log: string;
  readonly #since: number;
  readonly #init: readonly ContainerKeeper[];
  readonly #keepers: readonly ContainerKeeper[];
  #pod: PodSpec;
  #network: PodNetwork | undefined;
  #hindrance = "its network is being made";
  /** Resolves when nothing more will be made: everything runs, or the Pod ends. */
  readonly #started: Promise<void>;
  #ending: Promise<void> | undefined;
  #exists = true;

  constructor(pod: PodSpec, ports: WorkerPorts) {
    this.#pod = pod;
    this.#ports = ports;
    this.#folder = ports.runtime.folderOf(pod);
    this.#log = ports.runtime.openLog(pod);
    this.#since = ports.clock.wallTime();
    this.#init = pod.initContainers.filter(isProgram).map((spec) => this.#keeper(spec, "OnFailure"));
    this.#keepers = pod.containers.filter(isProgram).map((spec) => this.#keeper(spec, pod.restarts));
    this.#started = this.#run();
  }

  /** The object has changed. */
  update(pod: PodSpec): void {
    this.#pod = pod;
    if (pod.deleted) void this.#end();
  }

  /** The object is gone, whoever took it away. Resolves when nothing of it is left. */
  async gone(): Promise<void> {
    this.#exists = false;
    await this.#end();
  }

  /** A Secret, a ConfigMap or a token is different. */
  sourcesChanged(): void {
    if (this.#network !== undefined && this.#ending === undefined) this.#fillVolumes();
  }

  /** Ends its programs with a signal, and leaves them ended until `release`. */
  async hold(signal: NodeJS.Signals): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => keeper.hold(signal)));
  }

  release(): void {
    for (const keeper of this.#keepers) keeper.release();
  }

  signal(signal: NodeJS.Signals): void {
    for (const keeper of this.#keepers) keeper.signal(signal);
  }

  async #run(): Promise<void> {
    this.#report();
    await this.#prepare();
    for (const keeper of this.#init) await this.#completed(keeper);
    if (this.#ending === undefined) for (const keeper of this.#keepers) keeper.begin();
  }

  /** Resolves when the network is there and every volume is filled, or when the Pod ends before. */
  async #prepare(): Promise<void> {
    const { runtime, tokens, clock } = this.#ports;
    while (this.#ending === undefined) {
      try {
        this.#network ??= await runtime.openNetwork(this.#pod);
        await tokens.prepare(this.#pod);
        if (this.#fillVolumes()) return;
      } catch (error) {
        this.#hinder(errorMessage(error));
      }
      await new Promise<void>((resolve) => void clock.after(RETRY, resolve));
    }
  }

  /** Writes what the volumes should hold now. False when something is missing, and then nothing is written. */
  #fillVolumes(): boolean {
    const { runtime, lookUp, tokens, apiServer } = this.#ports;
    const pod = this.#pod;
    const context = { ...this.#placement(), lookUp, token: tokens.of(pod), authority: apiServer.authority };
    try {
      const volumes = allVolumes(pod).map((volume) => ({ volume, files: filesOf(volume, pod, context) }));
      for (const { volume, files } of volumes) {
        const folder = volumeFolder(this.#folder, volume.name);
        if (volume.kind === "empty") runtime.makeEmpty(folder);
        else runtime.writeFiles(folder, files, runtime.rootless ? undefined : { user: 0, group: pod.fsGroup ?? 0 });
        for (const place of mountPoints(pod, volume.name)) runtime.makeEmpty(`${folder}/${place}`);
      }
      this.#hinder("");
      return true;
    } catch (error) {
      if (!(error instanceof MissingSource)) throw error;
      if (this.#hindrance !== "") this.#hinder(error.message);
      return false;
    }
  }

  #hinder(why: string): void {
    if (why === this.#hindrance) return;
    if (why !== "") this.#ports.log.info({ pod: this.#pod.name, why }, "pod waits");
    this.#hindrance = why;
    this.#report();
  }

  async #completed(keeper: ContainerKeeper): Promise<void> {
    keeper.begin();
    while (this.#ending === undefined) {
      const { state } = keeper.facts;
      if ("terminated" in state && state.terminated.exitCode === 0) return;
      await new Promise<void>((resolve) => void this.#ports.clock.after(millis(50), resolve));
    }
  }

  #keeper(spec: ContainerSpec, policy: PodSpec["restarts"]): ContainerKeeper {
    const { clock, log } = this.#ports;
    return new ContainerKeeper(spec, policy, {
      clock,
      log: log.with({ pod: this.#pod.name }),
      start: () => this.#start(spec),
      ask: (probe) => askProbe(probe, this.#placement().addresses[0] ?? ""),
      changed: () => this.#report(),
    });
  }

  #start(spec: ContainerSpec): RunningProcess {
    const { runtime, lookUp, apiServer } = this.#ports;
    const around: Surroundings = { ...this.#placement(), lookUp, apiServer };
    const { script, env } = containerPlan(this.#pod, spec, this.#folder, { ...around, machine: runtime });
    return runtime.start({ script, env, logFile: this.#log, network: this.#network?.namespace });
  }

  #placement(): { readonly hostAddresses: readonly string[]; readonly addresses: readonly string[] } {
    return { hostAddresses: this.#ports.hostAddresses, addresses: this.#network?.addresses ?? [] };
  }

  #report(): void {
    if (!this.#exists) return;
    this.#ports.reports.report(this.#pod, {
      ...this.#placement(),
      initContainers: this.#init.map(({ facts }) => facts),
      containers: this.#pod.containers.map((spec) => this.#factsOf(spec)),
      hindrance: this.#hindrance,
      since: this.#since,
    });
  }

  #factsOf(spec: ContainerSpec): ContainerFacts {
    const own = this.#keepers.find(({ facts }) => facts.name === spec.name);
    return own?.facts ?? standInFacts(spec, this.#since);
  }

  /** Once; who asks again waits for the same end. */
  #end(): Promise<void> {
    this.#ending ??= this.#finish();
    return this.#ending;
  }

  async #finish(): Promise<void> {
    const { runtime, reports } = this.#ports;
    await Promise.all([...this.#init, ...this.#keepers].map((keeper) => keeper.end(this.#pod.gracePeriod)));
    await this.#started;
    await this.#network?.close();
    runtime.remove(this.#folder);
    if (this.#exists) await reports.finish(this.#pod);
  }
}

/** Between two looks at what hinders a Pod; what a watch tells comes at once. */
const RETRY = seconds(0.25);

/** A container of which there is nothing but its word: it runs, and it is ready. */
export function standInFacts({ name, image }: ContainerSpec, since: number): ContainerFacts {
  const state = { running: { startedAt: apiTime(since) } };
  return { name, image, state, lastState: undefined, restarts: 0, started: true, unready: "" };
}
