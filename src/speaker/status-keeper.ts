import { KINDS } from "../config/kinds.ts";
import { projectL2Status } from "../config/l2-status.ts";
import type { PodView } from "../config/pod.ts";
import { projectPod } from "../config/pod.ts";
import type { Handled } from "../lib/work-queue.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { Clock } from "../ports/clock.ts";
import type { KubeClient, KubeWatcher, ObjectKey } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import type { Announcement } from "./protocol.ts";
import { StatusWriter } from "./status-writer.ts";

export interface StatusOptions {
  readonly node: string;
  readonly namespace: string;
  readonly podName: string | undefined;
}

export interface StatusPorts {
  readonly watcher: KubeWatcher;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const WRITES_AT_ONCE = 4;

/** Keeps the ServiceL2Status objects as the plan says, whatever happens to them or to the API server. */
export class StatusKeeper {
  readonly #options: StatusOptions;
  readonly #ports: StatusPorts;
  readonly #writer: StatusWriter;
  readonly #services: WorkQueue<ObjectKey>;
  readonly #pods: WorkQueue<string>;
  #watch: { close(): void } | undefined;
  #pod: PodView | undefined;
  /** Writing starts when it is known what is wanted and what is there, and once we tried to find out who we are. */
  #planned = false;
  #synced = false;
  #podTried: boolean;

  constructor(options: StatusOptions, ports: StatusPorts) {
    const { node, namespace, podName } = options;
    const { clock, random } = ports;
    this.#options = options;
    this.#ports = ports;
    this.#podTried = podName === undefined;
    this.#writer = new StatusWriter(ports.client, () => ({ node, namespace, pod: this.#pod }));
    const handle = (service: ObjectKey) => this.#write(service);
    this.#services = new WorkQueue({ clock, random, concurrency: WRITES_AT_ONCE, handle });
    this.#pods = new WorkQueue({ clock, random, concurrency: 1, handle: (name) => this.#findPod(name) });
  }

  start(): void {
    const { podName, namespace } = this.#options;
    if (podName !== undefined) this.#pods.add(podName);
    this.#watch = this.#ports.watcher.watch(
      { resource: KINDS.ServiceL2Status, namespace, project: projectL2Status },
      {
        set: (_, status) => {
          this.#writer.see(status);
          this.#queue(status.service);
        },
        delete: (key) => {
          const service = this.#writer.forget(key.slice(key.indexOf("/") + 1));
          if (service !== undefined) this.#queue(service);
        },
        synced: () => {
          this.#synced = true;
          this.#queueAll();
        },
      },
    );
  }

  /** Where this node announces the Service; undefined: nowhere. */
  want(service: ObjectKey, interfaces: Announcement["interfaces"] | undefined): void {
    if (this.#writer.want(service, interfaces)) this.#queue(service);
  }

  /** The first plan was made: what is not wanted by now is not wanted. */
  begin(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#queueAll();
  }

  /** Resolves when the writes that are under way have ended. */
  async close(): Promise<void> {
    this.#watch?.close();
    await Promise.all([this.#services.close(), this.#pods.close()]);
  }

  #queue(service: ObjectKey): void {
    if (this.#planned && this.#synced && this.#podTried) this.#services.add(service);
  }

  #queueAll(): void {
    for (const service of this.#writer.services()) this.#queue(service);
  }

  async #write(service: ObjectKey): Promise<Handled> {
    const error = await this.#writer.reconcile(service);
    if (error === undefined) return "done";
    const { code, reason, message } = error;
    this.#ports.log.warn(
      { service, code, reason },
      `ServiceL2Status of ${service} not written, will retry: ${message}`,
    );
    return "retry";
  }

  async #findPod(name: string): Promise<Handled> {
    const { client, log } = this.#ports;
    const found = await client.get(KINDS.Pod, { namespace: this.#options.namespace, name });
    if (found.ok) this.#pod = projectPod(found.value);
    else if (!this.#podTried)
      log.warn({ pod: name }, `status objects have no owner until our own Pod can be read: ${found.error.message}`);
    this.#podTried = true;
    this.#queueAll();
    return found.ok ? "done" : "retry";
  }
}
