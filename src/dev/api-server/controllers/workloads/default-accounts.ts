import type { Kernel } from "../../kernel.ts";
import type { ApiObject } from "../../objects.ts";
import { ControllerWriter } from "./writer.ts";

const ACCOUNTS = "serviceaccounts";
const NAMESPACES = "namespaces";

/** Gives every namespace the service account `default`, which Pods have that name no other. */
export class DefaultAccounts {
  readonly #kernel: Kernel;
  readonly #writer: ControllerWriter;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#writer = new ControllerWriter(kernel);
  }

  start(): void {
    const { storage } = this.#kernel;
    for (const namespace of storage.list(NAMESPACES)) this.#ensure(namespace);
    storage.subscribe(({ type, object }) => {
      if (type !== "DELETED") this.#ensure(object);
    }, NAMESPACES);
  }

  #ensure({ metadata: { name, deletionTimestamp } }: ApiObject): void {
    if (deletionTimestamp !== undefined || this.#kernel.storage.get(ACCOUNTS, name, "default") !== undefined) return;
    this.#writer.create(ACCOUNTS, name, { metadata: { name: "default", namespace: name } });
  }
}
