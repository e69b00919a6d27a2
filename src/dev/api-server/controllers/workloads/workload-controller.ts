import { errorMessage } from "../../../../lib/errors.ts";
import type { Kernel } from "../../kernel.ts";
import { now } from "../../kernel.ts";
import type { ApiObject, Json } from "../../objects.ts";
import { at, record } from "../../objects.ts";
import type { StorageEvent } from "../../storage.ts";
import { planDaemons, REVISION_LABEL } from "./daemon-plan.ts";
import { deploymentStatus } from "./deployment-status.ts";
import { controllerOf, controllerReference, podOf, templateHash } from "./pods.ts";
import { availableOf, planReplicas, replicasOf } from "./replica-plan.ts";
import { planRollout, type ReplicaSetState, type Rollout } from "./rollout-plan.ts";
import { TABLE } from "./tables.ts";
import { ControllerWriter } from "./writer.ts";

const HASH_LABEL = "pod-template-hash";
const REVISION = "deployment.kubernetes.io/revision";

/** Kinds that have Pods, or have what has Pods. */
const WORKLOADS = [TABLE.deployments, TABLE.replicaSets, TABLE.daemonSets];

/** Makes the Pods of Deployments, ReplicaSets and DaemonSets, rolls changed templates out, and keeps the counts in their status. */
export class WorkloadController {
  readonly #kernel: Kernel;
  readonly #writer: ControllerWriter;
  /** What to look at again: table and UID. */
  readonly #dirty = new Map<string, string>();
  readonly #reconcilers: Readonly<Record<string, (workload: ApiObject) => void>>;
  #scheduled = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#writer = new ControllerWriter(kernel);
    this.#reconcilers = {
      [TABLE.deployments]: (deployment) => this.#rollOut(deployment),
      [TABLE.replicaSets]: (set) => this.#replicate(set),
      [TABLE.daemonSets]: (set) => this.#spread(set),
    };
  }

  start(): void {
    const { storage } = this.#kernel;
    for (const table of WORKLOADS) {
      storage.subscribe(({ object }) => this.#mark(table, object.metadata.uid), table);
      for (const { metadata } of storage.list(table)) this.#mark(table, metadata.uid);
    }
    storage.subscribe(({ object }) => this.#mark(TABLE.deployments, controllerOf(object)), TABLE.replicaSets);
    storage.subscribe((event) => this.#podChanged(event), TABLE.pods);
    storage.subscribe(() => this.#markAll(TABLE.daemonSets), TABLE.nodes);
  }

  #podChanged({ object }: StorageEvent): void {
    const owner = controllerOf(object);
    this.#mark(TABLE.replicaSets, owner);
    this.#mark(TABLE.daemonSets, owner);
  }

  #markAll(table: string): void {
    for (const { metadata } of this.#kernel.storage.list(table)) this.#mark(table, metadata.uid);
  }

  /** Bursts of changes are handled together, after the requests that made them. */
  #mark(table: string, uid = ""): void {
    if (uid === "") return;
    this.#dirty.set(`${table} ${uid}`, table);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const marked = [...this.#dirty];
      this.#dirty.clear();
      for (const [key, table] of marked) this.#reconcile(table, key.slice(table.length + 1));
    });
  }

  /** What fails, as in a namespace that is being deleted, is left until something changes. */
  #reconcile(table: string, uid: string): void {
    const workload = this.#kernel.storage.list(table).find(({ metadata }) => metadata.uid === uid);
    if (workload === undefined || workload.metadata.deletionTimestamp !== undefined) return;
    try {
      this.#reconcilers[table]!(workload);
    } catch (thrown) {
      this.#kernel.log.warn(
        { workload: workload.metadata.name, error: errorMessage(thrown) },
        "workload not reconciled",
      );
    }
  }

  #rollOut(deployment: ApiObject): void {
    const hash = templateHash(at(deployment["spec"], "template"));
    const sets = this.#owned(TABLE.replicaSets, deployment);
    const current = sets.find(({ metadata }) => metadata.labels?.[HASH_LABEL] === hash);
    if (current === undefined) return this.#addReplicaSet(deployment, hash, Math.max(0, ...sets.map(revisionOf)) + 1);
    if (at(deployment["spec"], "paused") !== true) this.#scale(deployment, sets, current);
    const present = this.#owned(TABLE.replicaSets, deployment);
    const status = deploymentStatus(deployment, present, current, now(this.#kernel));
    this.#writer.report(TABLE.deployments, deployment, status);
    this.#forgetOld(deployment, present, current);
  }

  #scale(deployment: ApiObject, sets: readonly ApiObject[], current: ApiObject): void {
    const states = sets.map((set) => this.#stateOf(set, set === current));
    const plan = planRollout(rolloutOf(deployment), states);
    for (const set of sets) {
      const replicas = plan.get(set.metadata.name) ?? 0;
      if (replicas !== replicasOf(set)) this.#writer.specify(TABLE.replicaSets, set, { replicas });
    }
  }

  #stateOf(set: ApiObject, current: boolean): ReplicaSetState {
    const { name } = set.metadata;
    const pods = this.#owned(TABLE.pods, set).length;
    return { name, current, wanted: replicasOf(set), pods, available: availableOf(set) };
  }

  /** Starts without Pods: how many it may have depends on the others. */
  #addReplicaSet(deployment: ApiObject, hash: string, revision: number): void {
    const { name, namespace = "" } = deployment.metadata;
    const { selector, template } = record(deployment["spec"]);
    const matchLabels = { ...record(at(selector, "matchLabels")), [HASH_LABEL]: hash };
    const labels = { ...record(at(template, "metadata", "labels")), [HASH_LABEL]: hash };
    this.#writer.create(TABLE.replicaSets, namespace, {
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels,
        annotations: { [REVISION]: String(revision) },
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: 0,
        selector: { ...record(selector), matchLabels },
        template: { ...record(template), metadata: { ...record(at(template, "metadata")), labels } },
      },
    });
  }

  /** Empty ReplicaSets of older templates, beyond as many as the Deployment wants to remember. */
  #forgetOld(deployment: ApiObject, sets: readonly ApiObject[], current: ApiObject): void {
    const limit = Number(at(deployment["spec"], "revisionHistoryLimit") ?? 10);
    const old = sets.filter((set) => set.metadata.uid !== current.metadata.uid && replicasOf(set) === 0);
    const empty = old.filter((set) => this.#owned(TABLE.pods, set).length === 0);
    for (const set of empty.toSorted((a, b) => revisionOf(b) - revisionOf(a)).slice(limit)) {
      this.#writer.delete(TABLE.replicaSets, set);
    }
  }

  #replicate(set: ApiObject): void {
    const { create, remove } = planReplicas(set, this.#owned(TABLE.pods, set));
    for (const pod of remove) this.#writer.delete(TABLE.pods, pod);
    for (let n = 0; n < create; n++) this.#addPod(podOf(set, {}));
    this.#writer.report(TABLE.replicaSets, set, planReplicas(set, this.#owned(TABLE.pods, set)).status);
  }

  #spread(set: ApiObject): void {
    const revision = templateHash(at(set["spec"], "template"));
    const nodes = this.#kernel.storage.list(TABLE.nodes);
    const plan = () => planDaemons(set, { nodes, pods: this.#owned(TABLE.pods, set), revision });
    const { create, remove } = plan();
    for (const pod of remove) this.#writer.delete(TABLE.pods, pod);
    for (const node of create) this.#addPod(podOf(set, { [REVISION_LABEL]: revision }, node));
    this.#writer.report(TABLE.daemonSets, set, plan().status);
  }

  #addPod(body: Json): void {
    this.#writer.create(TABLE.pods, String(at(body["metadata"], "namespace")), body);
  }

  #owned(table: string, owner: ApiObject): ApiObject[] {
    const { namespace, uid } = owner.metadata;
    return this.#kernel.storage.list(table, namespace).filter((object) => controllerOf(object) === uid);
  }
}

function revisionOf(set: ApiObject): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0);
}

function rolloutOf(deployment: ApiObject): Rollout {
  const strategy = record(at(deployment["spec"], "strategy"));
  const { maxSurge = "25%", maxUnavailable = "25%" } = record(strategy["rollingUpdate"]) as Partial<Rollout>;
  const type = strategy["type"] === "Recreate" ? "Recreate" : "RollingUpdate";
  return { replicas: replicasOf(deployment), type, maxSurge, maxUnavailable };
}
