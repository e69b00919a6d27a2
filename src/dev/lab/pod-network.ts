import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { EnvironmentError } from "../../lib/errors.ts";
import type { PodSpec } from "../kubelet/pod-spec.ts";
import type { PodNetwork } from "../kubelet/runtime.ts";
import { type LabNode, podScript, podStations } from "./topology.ts";

const run = promisify(execFile);

/** Gives Pods their networks: the node's own, or a namespace that is plugged into the switch. */
export class PodNetworks {
  readonly #node: LabNode;
  readonly #taken = new Set<string>();

  constructor(node: LabNode) {
    this.#node = node;
  }

  async open({ hostNetwork }: PodSpec): Promise<PodNetwork> {
    const { ipv4, ipv6 } = this.#node;
    if (hostNetwork) return { addresses: [ipv4, ipv6], namespace: undefined, close: async () => undefined };
    const station = podStations(this.#node).find(({ name }) => !this.#taken.has(name));
    if (station === undefined) throw new EnvironmentError("no-address", "no address is left", { retryable: true });
    this.#taken.add(station.name);
    const close = (): Promise<void> => this.#unplug(station.name);
    try {
      await run("sh", ["-ec", podScript(station).join("\n")]);
    } catch (error) {
      await close();
      throw error;
    }
    return { addresses: [station.ipv4, station.ipv6], namespace: station.name, close };
  }

  /** The cable goes with the namespace, which goes when no process is left in it. */
  async #unplug(name: string): Promise<void> {
    await run("ip", ["netns", "delete", name]).catch(() => undefined);
    this.#taken.delete(name);
  }
}
