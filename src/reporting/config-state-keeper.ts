import type { ConfigurationStateView } from "../config/configuration-state.ts";
import { projectConfigurationState } from "../config/configuration-state.ts";
import { isOlder } from "../config/resource-version.ts";
import { KINDS } from "../config/kinds.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { KubeError, KubeWatcher } from "../ports/kube.ts";
import { planConfigState } from "./config-state-plan.ts";
import type { OwnPod, OwnPodPorts } from "./own-pod.ts";
import { ownerReference } from "./own-pod.ts";
import { rfc3339 } from "./rfc3339.ts";

export interface ConfigStatePorts extends OwnPodPorts {
  readonly watcher: KubeWatcher;
}

/** One writer's ConfigurationState. */
export interface ConfigStateIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Type of the writer's condition. */
  readonly condition: string;
}

/** Keeps the ConfigurationState of the controller or of a speaker: whether it could use the configuration. */
export class ConfigStateKeeper {
  readonly #identity: ConfigStateIdentity;
  readonly #ports: ConfigStatePorts;
  readonly #pod: OwnPod;
  readonly #queue: WorkQueue<string>;
  #watch: { close(): void } | undefined;
  #synced = false;
  #existing: ConfigurationStateView | undefined;
  #errors: readonly string[] | undefined;

  constructor(identity: ConfigStateIdentity, ports: ConfigStatePorts, pod: OwnPod) {
    const { clock, random } = ports;
    this.#identity = identity;
    this.#ports = ports;
    this.#pod = pod;
    this.#queue = new WorkQueue({ clock, random, concurrency: 1, handle: () => this.#write() });
  }

  start(): void {
    const { namespace, name, condition } = this.#identity;
    this.#pod.onChange(() => this.#offer());
    this.#watch = this.#ports.watcher.watch(
      {
        resource: KINDS.ConfigurationState,
        namespace,
        fieldSelector: `metadata.name=${name}`,
        project: (object) => projectConfigurationState(object, condition),
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
    if (this.#synced && this.#pod.tried && this.#errors !== undefined) this.#queue.add(this.#identity.name);
  }

  async #write(): Promise<"done" | "retry"> {
    const error = await this.#reconcile();
    if (error === undefined) return "done";
    const { code, reason, message } = error;
    this.#ports.log.warn(
      { code, reason },
      `ConfigurationState ${this.#identity.name} not written, will retry: ${message}`,
    );
    return "retry";
  }

  async #reconcile(): Promise<KubeError | undefined> {
    const { client, clock } = this.#ports;
    const { namespace, name, condition } = this.#identity;
    if (this.#existing === undefined) {
      const created = await client.create(KINDS.ConfigurationState, this.#newObject(), { namespace });
      if (!created.ok && created.error.code !== 409) return created.error;
    }
    const status = planConfigState(condition, this.#errors ?? [], this.#existing, rfc3339(clock.wallTime()));
    if (status === undefined) return undefined;
    const written = await client.patch(
      KINDS.ConfigurationState,
      { namespace, name },
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
    if (!written.ok) return written.error;
    this.#existing = projectConfigurationState(written.value, condition);
    return undefined;
  }

  #newObject(): object {
    const { namespace, name, labels } = this.#identity;
    const pod = this.#pod.view;
    return {
      apiVersion: "metallb.io/v1beta1",
      kind: "ConfigurationState",
      metadata: {
        name,
        namespace,
        labels,
        ...(pod === undefined ? {} : { ownerReferences: [ownerReference(pod)] }),
      },
    };
  }
}
