import { errorMessage } from "../../../../lib/errors.ts";
import type { Kernel } from "../../kernel.ts";
import { now } from "../../kernel.ts";
import type { ApiObject } from "../../objects.ts";
import { record } from "../../objects.ts";
import { fits } from "./node-fit.ts";
import { controllerOf, nodeOf } from "./pods.ts";
import { TABLE } from "./tables.ts";
import { ControllerWriter } from "./writer.ts";

/** Binds Pods to nodes: of those that a Pod fits, the one with the fewest Pods of the same workload, then the fewest of all. */
export class Scheduler {
  readonly #kernel: Kernel;
  readonly #writer: ControllerWriter;
  #scheduled = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#writer = new ControllerWriter(kernel);
  }

  start(): void {
    const { storage } = this.#kernel;
    storage.subscribe(() => this.#later(), TABLE.nodes);
    storage.subscribe(({ type, object }) => {
      if (type === "DELETED" || nodeOf(object) === "") this.#later();
    }, TABLE.pods);
    this.#later();
  }

  #later(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const pod of this.#kernel.storage.list(TABLE.pods)) if (waits(pod)) this.#place(pod);
    });
  }

  #place(pod: ApiObject): void {
    const { storage, log } = this.#kernel;
    const nodes = storage.list(TABLE.nodes).filter((node) => fits(record(pod["spec"]), node, { daemon: false }));
    const node = nodes.toSorted((a, b) => this.#load(a, pod) - this.#load(b, pod))[0];
    try {
      if (node === undefined) this.#refuse(pod);
      else this.#writer.specify(TABLE.pods, pod, { nodeName: node.metadata.name });
    } catch (thrown) {
      log.warn({ pod: pod.metadata.name, error: errorMessage(thrown) }, "pod not bound");
    }
  }

  /** More is worse. One Pod of the same workload weighs more than any number of others. */
  #load(node: ApiObject, pod: ApiObject): number {
    const pods = this.#kernel.storage.list(TABLE.pods).filter((other) => nodeOf(other) === node.metadata.name);
    const owner = controllerOf(pod);
    const siblings = owner === "" ? 0 : pods.filter((other) => controllerOf(other) === owner).length;
    return siblings * SIBLING + pods.length;
  }

  #refuse(pod: ApiObject): void {
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message: "no node fits its nodeSelector, affinity and tolerations",
      lastTransitionTime: now(this.#kernel),
    };
    const status = record(pod["status"]);
    if (status["conditions"] === undefined) {
      this.#writer.report(TABLE.pods, pod, { ...status, conditions: [condition] });
    }
  }
}

const SIBLING = 10_000;

function waits(pod: ApiObject): boolean {
  return nodeOf(pod) === "" && pod.metadata.deletionTimestamp === undefined;
}
