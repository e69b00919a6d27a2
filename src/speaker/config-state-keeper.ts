import type { ConfigurationStateView } from "../config/configuration-state.ts";
import { projectConfigurationState } from "../config/configuration-state.ts";
import { isOlder } from "../config/resource-version.ts";
import { KINDS } from "../config/kinds.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { KubeError, KubeWatcher } from "../ports/kube.ts";
import { CONFIG_CONDITION, planConfigState } from "./config-state-plan.ts";
import type { OwnPod, OwnPodPorts } from "./own-pod.ts";
import { ownerReference } from "./own-pod.ts";

export interface ConfigStatePorts extends OwnPodPorts {
  readonly watcher: KubeWatcher;
}

/** Keeps the ConfigurationState `speaker-<node>`: whether this speaker could use the configuration. */
export class ConfigStateKeeper {
  readonly #node: string;
  readonly #namespace: string;
  readonly #ports: ConfigStatePorts;
  readonly #pod: OwnPod;
  readonly #queue: WorkQueue<string>;
  #watch: { close(): void } | undefined;
  #synced = false;
  #existing: ConfigurationStateView | undefined;
  #errors: readonly string[] | undefined;

  constructor(where: { readonly node: string; readonly namespace: string }, ports: ConfigStatePorts, pod: OwnPod) {
    const { clock, random } = ports;
    this.#node = where.node;
    this.#namespace = where.namespace;
    this.#ports = ports;
    this.#pod = pod;
    this.#queue = new WorkQueue({ clock, random, concurrency: 1, handle: () => this.#write() });
  }

  get #name(): string {
    return `speaker-${this.#node}`;
  }

  start(): void {
    this.#pod.onChange(() => this.#offer());
    this.#watch = this.#ports.watcher.watch(
      {
        resource: KINDS.ConfigurationState,
        namespace: this.#namespace,
        fieldSelector: `metadata.name=${this.#name}`,
        project: (object) => projectConfigurationState(object, CONFIG_CONDITION),
      },
      {
        set: (_, view) => {
          // News that is older than what we wrote ourselves meanwhile is passed over.
          if (isOlder(view.resourceVersion, this.#existing?.resourceVersion ?? "")) return;
          this.#existing = view;
          this.#offer();
        },
        delete: () => {
          this.#existing = undefined;
          this.#offer();
        },
        synced: () => {
          this.#synced = true;
          this.#offer();
        },
      },
    );
  }

  /** The outcome for the latest configuration; no errors: it is in force. */
  report(errors: readonly string[]): void {
    this.#errors = errors;
    this.#offer();
  }

  async close(): Promise<void> {
    this.#watch?.close();
    await this.#queue.close();
  }

  #offer(): void {
    if (this.#synced && this.#pod.tried && this.#errors !== undefined) this.#queue.add(this.#name);
  }

  async #write(): Promise<"done" | "retry"> {
    const error = await this.#reconcile();
    if (error === undefined) return "done";
    const { code, reason, message } = error;
    this.#ports.log.warn({ code, reason }, `ConfigurationState ${this.#name} not written, will retry: ${message}`);
    return "retry";
  }

  async #reconcile(): Promise<KubeError | undefined> {
    const { client, clock } = this.#ports;
    if (this.#existing === undefined) {
      const created = await client.create(KINDS.ConfigurationState, this.#newObject(), { namespace: this.#namespace });
      if (!created.ok && created.error.code !== 409) return created.error;
    }
    const now = new Date(clock.wallTime()).toISOString().replace(/\.\d+Z$/, "Z");
    const status = planConfigState(this.#errors ?? [], this.#existing, now);
    if (status === undefined) return undefined;
    const written = await client.patch(
      KINDS.ConfigurationState,
      { namespace: this.#namespace, name: this.#name },
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
    if (!written.ok) return written.error;
    this.#existing = projectConfigurationState(written.value, CONFIG_CONDITION);
    return undefined;
  }

  #newObject(): object {
    const pod = this.#pod.view;
    return {
      apiVersion: "metallb.io/v1beta1",
      kind: "ConfigurationState",
      metadata: {
        name: this.#name,
        namespace: this.#namespace,
        labels: { "metallb.io/component-type": "speaker", "metallb.io/node-name": this.#node },
        ...(pod === undefined ? {} : { ownerReferences: [ownerReference(pod)] }),
      },
    };
  }
}
