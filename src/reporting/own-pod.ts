import { KINDS } from "../config/kinds.ts";
import type { PodView } from "../config/pod.ts";
import { projectPod } from "../config/pod.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { Clock } from "../ports/clock.ts";
import type { KubeClient, KubeOwnerReference } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";

export interface OwnPodPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Finds out who we are, so that what we write goes away with us. Outside of a cluster we are nobody. */
export class OwnPod {
  readonly #ports: OwnPodPorts;
  readonly #names: WorkQueue<string>;
  readonly #listeners: (() => void)[] = [];
  #view: PodView | undefined;
  #tried: boolean;

  constructor(where: { readonly namespace: string; readonly podName: string | undefined }, ports: OwnPodPorts) {
    const { namespace, podName } = where;
    const { clock, random } = ports;
    this.#ports = ports;
    this.#tried = podName === undefined;
    const handle = (name: string) => this.#find(namespace, name);
    this.#names = new WorkQueue({ clock, random, concurrency: 1, handle });
    if (podName !== undefined) this.#names.add(podName);
  }

  /** Undefined: nobody, or not known. */
  get view(): PodView | undefined {
    return this.#view;
  }

  /** Whether there is no reason to wait with writing: we are known, or could not be found at the first attempt. */
  get tried(): boolean {
    return this.#tried;
  }

  /** `listener` is called when `view` or `tried` has changed. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): Promise<void> {
    return this.#names.close();
  }

  async #find(namespace: string, name: string): Promise<"done" | "retry"> {
    const found = await this.#ports.client.get(KINDS.Pod, { namespace, name });
    if (found.ok) this.#view = projectPod(found.value);
    else if (!this.#tried)
      this.#ports.log.warn({ pod: name }, `own Pod not read, so status objects have no owner: ${found.error.message}`);
    const news = found.ok || !this.#tried;
    this.#tried = true;
    if (news) for (const listener of this.#listeners) listener();
    return found.ok ? "done" : "retry";
  }
}

export function ownerReference({ name, uid }: PodView): KubeOwnerReference {
  return { apiVersion: "v1", kind: "Pod", name, uid };
}
