import type { PodSpec } from "./pod-spec.ts";
import type { VolumeFiles } from "./volume-files.ts";

/** How a process ended. */
export interface Exit {
  readonly code: number;
  /** The number of the signal that ended it; 0 for none. */
  readonly signal: number;
}

export interface RunningProcess {
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
}

export interface Launch {
  /** The shell script that becomes the container. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where standard output and error go, one after another. */
  readonly logFile: string;
  /** Undefined for the node's own. */
  readonly network: string | undefined;
}

/** A Pod's network: addresses, and the name of a network namespace unless it is the node's. */
export interface PodNetwork {
  readonly addresses: readonly string[];
  readonly namespace: string | undefined;
  close(): Promise<void>;
}

/** Whom files belong to. */
export interface FileOwner {
  readonly user: number;
  readonly group: number;
}

/** What the kubelet needs of the machine. */
export interface Runtime {
  /** Whether a user namespace stands in for root: there is only one user then. */
  readonly rootless: boolean;
  /** Node's executable, and the folder with the bundle. */
  readonly node: string;
  readonly bundle: string;
  /** A folder that is nobody else's, for what a Pod has. */
  folderOf(pod: PodSpec): string;
  /** A new log for a Pod: one that another Pod of the same name has left is gone. Returns its file. */
  openLog(pod: PodSpec): string;
  openNetwork(pod: PodSpec): Promise<PodNetwork>;
  start(launch: Launch): RunningProcess;
  /** Makes a folder that all processes may write to. */
  makeEmpty(folder: string): void;
  /** Replaces the files in a folder at once: whoever reads sees all of the old or all of the new. */
  writeFiles(folder: string, files: VolumeFiles, owner: FileOwner | undefined): void;
  remove(folder: string): void;
}
