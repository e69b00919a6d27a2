import type { Kernel } from "../../kernel.ts";
import { nodeOf } from "./pods.ts";
import { TABLE } from "./tables.ts";
import { ControllerWriter } from "./writer.ts";

/** Deletes the Pods of a Node that was deleted: no kubelet is left that could say they have ended. */
export class PodCollector {
  readonly #kernel: Kernel;
  readonly #writer: ControllerWriter;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#writer = new ControllerWriter(kernel);
  }

  start(): void {
    this.#kernel.storage.subscribe(({ type, object }) => {
      if (type === "DELETED") setImmediate(() => this.#collect(object.metadata.name));
    }, TABLE.nodes);
  }

  #collect(node: string): void {
    const { storage } = this.#kernel;
    if (storage.get(TABLE.nodes, "", node) !== undefined) return;
    for (const pod of storage.list(TABLE.pods)) if (nodeOf(pod) === node) this.#writer.delete(TABLE.pods, pod, 0);
  }
}
