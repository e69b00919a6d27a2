import type { PodSpec } from "../../src/dev/kubelet/pod-spec.ts";
import type { Exit, Launch, PodNetwork, RunningProcess, Runtime } from "../../src/dev/kubelet/runtime.ts";
import type { VolumeFiles } from "../../src/dev/kubelet/volume-files.ts";

/** A process that runs until the test, or a signal that it heeds, ends it. */
export class FakeProcess implements RunningProcess {
  readonly launch: Launch;
  readonly exited: Promise<Exit>;
  readonly signals: NodeJS.Signals[] = [];
  readonly #exit: (exit: Exit) => void;

  constructor(launch: Launch) {
    this.launch = launch;
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.exited = promise;
    this.#exit = resolve;
  }

  exit(code: number): void {
    this.#exit({ code, signal: 0 });
  }

  signal(signal: NodeJS.Signals): void {
    this.signals.push(signal);
    if (signal === "SIGKILL") this.#exit({ code: 137, signal: 9 });
  }
}

/** A machine on which nothing happens but what the test makes happen. */
export class FakeRuntime implements Runtime {
  readonly rootless = false;
  readonly node = "/node";
  readonly bundle = "/dist";
  readonly processes: FakeProcess[] = [];
  /** Files of volumes by folder, as text by path. */
  readonly volumes = new Map<string, Readonly<Record<string, string>>>();
  readonly removed: string[] = [];
  networks = 0;

  folderOf({ name }: PodSpec): string {
    return `/pods/${name}`;
  }

  openLog({ name }: PodSpec): string {
    return `/logs/${name}`;
  }

  async openNetwork(): Promise<PodNetwork> {
    this.networks++;
    const close = async (): Promise<void> => void this.networks--;
    return { addresses: ["192.168.1.20", "fd00::20"], namespace: "pod-20", close };
  }

  start(launch: Launch): FakeProcess {
    const process = new FakeProcess(launch);
    this.processes.push(process);
    return process;
  }

  makeEmpty(folder: string): void {
    this.volumes.set(folder, {});
  }

  writeFiles(folder: string, files: VolumeFiles): void {
    this.volumes.set(folder, Object.fromEntries([...files].map(([path, { content }]) => [path, content.toString()])));
  }

  remove(folder: string): void {
    this.removed.push(folder);
  }
}
