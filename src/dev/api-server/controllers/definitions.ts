import type { Kernel } from "../kernel.ts";
import type { ApiObject } from "../objects.ts";
import { at, text } from "../objects.ts";
import { WebhookConverter } from "../conversion/webhook-converter.ts";
import type { Conversion } from "../registry.ts";
import { plainDefinition } from "../registry.ts";
import { apiVersionOf } from "../resources.ts";
import { DELETE_NOW, deleteObject } from "../rest/delete.ts";
import type { StorageEvent } from "../storage.ts";
import { CRD_FINALIZER, servedByDefinition, storageVersion } from "../strategies/crd.ts";
import { customStrategy } from "../strategies/custom.ts";

const CRD_TABLE = "customresourcedefinitions.apiextensions.k8s.io";

/** Serves what CustomResourceDefinitions define, from the moment they are stored until they are gone. */
export class DefinitionController {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  start(): void {
    const { storage } = this.#kernel;
    for (const crd of storage.list(CRD_TABLE)) this.#serve(crd);
    storage.subscribe((event) => this.#follow(event));
  }

  #follow({ type, table, object }: StorageEvent): void {
    if (table !== CRD_TABLE) return this.#instanceGone(type, table);
    if (type === "DELETED") return this.#stop(object);
    if (object.metadata.deletionTimestamp === undefined) return this.#serve(object);
    queueMicrotask(() => this.#remove(object));
  }

  /** The last custom resource may be what its definition's deletion waits for. */
  #instanceGone(type: StorageEvent["type"], table: string): void {
    if (type !== "DELETED") return;
    const crd = this.#kernel.storage.get(CRD_TABLE, "", table);
    if (crd?.metadata.deletionTimestamp !== undefined) queueMicrotask(() => this.#remove(crd));
  }

  #names(crd: ApiObject): readonly [group: string, plural: string] {
    return [text(at(crd["spec"], "group")), text(at(crd["spec"], "names", "plural"))];
  }

  #serve(crd: ApiObject): void {
    this.#kernel.registry.remove(...this.#names(crd));
    const stored = storageVersion(crd);
    const conversion = this.#conversion(crd, stored);
    for (const served of servedByDefinition(crd)) {
      const definition = plainDefinition(served, customStrategy(served), stored);
      this.#kernel.registry.add(conversion === undefined ? definition : { ...definition, conversion });
    }
  }

  /** Undefined when versions differ in nothing but their name. */
  #conversion(crd: ApiObject, stored: string): Conversion | undefined {
    if (at(crd["spec"], "conversion", "strategy") !== "Webhook") return undefined;
    const converter = new WebhookConverter(this.#kernel, crd.metadata.name);
    const storedVersion = apiVersionOf({ group: text(at(crd["spec"], "group")), version: stored });
    return { by: "webhook", storedVersion, convert: converter.convert.bind(converter) };
  }

  #stop(crd: ApiObject): void {
    this.#kernel.registry.remove(...this.#names(crd));
  }

  /** Deletes the resources of a definition that is being deleted, then lets it go. */
  #remove(crd: ApiObject): void {
    const { storage, registry } = this.#kernel;
    const definition = registry.byTable(crd.metadata.name);
    for (const { metadata } of storage.list(crd.metadata.name)) {
      const target = { namespace: metadata.namespace ?? "", name: metadata.name };
      if (definition !== undefined) deleteObject(this.#kernel, definition, target, DELETE_NOW);
    }
    const current = storage.get(CRD_TABLE, "", crd.metadata.name);
    const left = storage.list(crd.metadata.name).length > 0;
    if (current?.metadata.finalizers?.includes(CRD_FINALIZER) !== true || left) return;
    const finalizers = current.metadata.finalizers.filter((finalizer) => finalizer !== CRD_FINALIZER);
    if (finalizers.length === 0) storage.delete(CRD_TABLE, current);
    else storage.put(CRD_TABLE, { ...current, metadata: { ...current.metadata, finalizers } });
  }
}
