import type { ServiceStatusView } from "../config/service-status.ts";
import { seconds } from "../lib/duration.ts";
import type { Handled } from "../lib/work-queue.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { Timer } from "../ports/clock.ts";
import type { KubeWatcher, ObjectKey } from "../ports/kube.ts";
import type { OwnPod, OwnPodPorts } from "../reporting/own-pod.ts";
import type { StatusKind } from "./status-kind.ts";
import { StatusWriter } from "./status-writer.ts";
import { WritePace } from "./write-pace.ts";

export interface StatusPorts extends OwnPodPorts {
  readonly watcher: KubeWatcher;
}

const WRITES_AT_ONCE = 4;

/** A doubt that ends sooner is not worth two writes for each Service. */
const LASTING_DOUBT = seconds(2);

/** Keeps the status objects of a kind as the plan says, whatever happens to them or to the API server. */
export class StatusKeeper<What, View extends ServiceStatusView> {
  readonly #kind: StatusKind<What, View>;
  readonly #namespace: string;
  readonly #ports: StatusPorts;
  readonly #writer: StatusWriter<What, View>;
  readonly #services: WorkQueue<ObjectKey>;
  readonly #pod: OwnPod;
  readonly #pace = new WritePace<ObjectKey>();
  #watch: { close(): void } | undefined;
  /** Writing starts when it is known what is wanted, what is there, and, if that can be known, who we are. */
  #planned = false;
  #synced = false;
  #doubt: Timer | undefined;

  constructor(
    kind: StatusKind<What, View>,
    where: { readonly node: string; readonly namespace: string },
    ports: StatusPorts,
    pod: OwnPod,
  ) {
    this.#kind = kind;
    const { node, namespace } = where;
    const { clock, random } = ports;
    this.#namespace = namespace;
    this.#ports = ports;
    this.#pod = pod;
    this.#writer = new StatusWriter(kind, ports.client, () => ({ node, namespace, pod: pod.view }));
    const handle = (service: ObjectKey) => this.#write(service);
    this.#services = new WorkQueue({ clock, random, concurrency: WRITES_AT_ONCE, handle });
  }

  start(): void {
    this.#pod.onChange(() => this.#queueAll());
    const { resource } = this.#kind;
    this.#watch = this.#ports.watcher.watch(
      { resource, namespace: this.#namespace, project: (object) => this.#kind.project(object) },
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

  /** What this node is to say of the Service; undefined: nothing. */
  want(service: ObjectKey, announced: What | undefined): void {
    if (this.#writer.want(service, announced)) this.#queue(service);
  }

  /**
   * Whether nothing is answered, whatever is wanted. While that lasts, nothing is said to be announced; what others say
   * is theirs.
   */
  holdBack(heldBack: boolean): void {
    this.#doubt?.cancel();
    this.#doubt = undefined;
    if (heldBack) this.#doubt = this.#ports.clock.after(LASTING_DOUBT, () => this.#silence(true));
    else this.#silence(false);
  }

  #silence(silent: boolean): void {
    if (this.#writer.silence(silent)) this.#queueAll();
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
    this.#doubt?.cancel();
    await this.#services.close();
  }

  #queue(service: ObjectKey): void {
    if (this.#planned && this.#synced && this.#pod.tried) this.#services.add(service);
  }

  #queueAll(): void {
    for (const service of this.#writer.services()) this.#queue(service);
  }

  async #write(service: ObjectKey): Promise<Handled> {
    const writes = this.#writer.plan(service);
    if (writes.length === 0) return "done";
    const { clock } = this.#ports;
    const retryAfter = this.#pace.waitFor(service, clock.now());
    if (retryAfter !== undefined) return { retryAfter };
    const error = await this.#writer.carryOut(service, writes);
    if (error === undefined) {
      this.#pace.wrote(service, clock.now());
      return "done";
    }
    const { code, reason, message } = error;
    this.#ports.log.warn(
      { service, code, reason },
      `${this.#kind.resource.kind} of ${service} not written, will retry: ${message}`,
    );
    return "retry";
  }
}
