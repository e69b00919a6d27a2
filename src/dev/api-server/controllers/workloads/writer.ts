import type { Kernel } from "../../kernel.ts";
import type { ApiObject, Json } from "../../objects.ts";
import type { Definition } from "../../registry.ts";
import { createObject } from "../../rest/create.ts";
import { DELETE_NOW, deleteObject } from "../../rest/delete.ts";
import { updateObject } from "../../rest/update.ts";
import { internalWrite } from "../../rest/write-options.ts";

const WRITE = internalWrite("kube-controller-manager");

/** Writes objects for the server's own controllers, at once and without asking webhooks. */
export class ControllerWriter {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  create(table: string, namespace: string, body: Json): void {
    createObject(this.#kernel, this.#definition(table), { namespace, name: "" }, body, WRITE);
  }

  /** Changes fields of the specification. */
  specify(table: string, object: ApiObject, fields: Json): void {
    const change = (current: ApiObject): Json => ({ ...current, spec: { ...(current["spec"] as Json), ...fields } });
    updateObject(this.#kernel, this.#definition(table), place(object), change, { ...WRITE, subresource: "" });
  }

  /** Replaces the status; one that is the same is not written. */
  report(table: string, object: ApiObject, status: Json): void {
    const change = (current: ApiObject): Json => ({ ...current, status });
    updateObject(this.#kernel, this.#definition(table), place(object), change, { ...WRITE, subresource: "status" });
  }

  /** Deletes with the object's own grace period, or with the one given. */
  delete(table: string, object: ApiObject, gracePeriodSeconds?: number): void {
    const options = gracePeriodSeconds === undefined ? DELETE_NOW : { ...DELETE_NOW, gracePeriodSeconds };
    deleteObject(this.#kernel, this.#definition(table), place(object), options);
  }

  #definition(table: string): Definition {
    return this.#kernel.registry.byTable(table)!;
  }
}

function place(object: ApiObject): { readonly namespace: string; readonly name: string } {
  return { namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}
