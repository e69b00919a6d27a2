import type { IncomingMessage, ServerResponse } from "node:http";
import type { User } from "../auth.ts";
import { badRequest, methodNotAllowed, notFound } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Representation } from "../negotiate.ts";
import { negotiate } from "../negotiate.ts";
import type { ApiObject, Json } from "../objects.ts";
import { includeObject, representList, representObject } from "../represent.ts";
import { createObject } from "../rest/create.ts";
import type { Target } from "../rest/decode.ts";
import { DELETE_NOW, deleteObject, deleteOptions } from "../rest/delete.ts";
import { listObjects } from "../rest/list.ts";
import { patchObject } from "../rest/patch.ts";
import { updateObject } from "../rest/update.ts";
import type { Watches } from "../rest/watch.ts";
import { writeOptions } from "../rest/write-options.ts";
import type { SubresourceHandlers } from "../subresources/handlers.ts";
import { decodeObject, readBody } from "./body.ts";
import { sendObject } from "./respond.ts";
import type { ResourceRoute } from "./route.ts";

/** A request for a resource, authenticated and authorized. */
export interface ResourceRequest extends ResourceRoute {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly method: string;
  readonly verb: string;
  readonly user: User;
}

/** Answers requests for resources: the REST verbs over HTTP. */
export class ResourceHandler {
  readonly #kernel: Kernel;
  readonly #watches: Watches;
  readonly #subresources: SubresourceHandlers;

  constructor(kernel: Kernel, watches: Watches, subresources: SubresourceHandlers) {
    this.#kernel = kernel;
    this.#watches = watches;
    this.#subresources = subresources;
  }

  async handle(call: ResourceRequest): Promise<void> {
    const special = this.#subresources.find(call);
    if (special !== undefined) return await special(call);
    const how = negotiate(call.request.headers.accept, call.verb === "watch");
    if (!call.definition.served.verbs.some((verb) => verb === call.verb)) throw methodNotAllowed();
    switch (call.verb) {
      case "watch":
        return this.#watch(call, how);
      case "list":
        return this.#list(call, how);
      case "get":
        return this.#get(call, how);
      case "create":
        return await this.#create(call, how);
      case "update":
        return await this.#update(call, how);
      case "patch":
        return await this.#patch(call, how);
      case "delete":
        return await this.#delete(call, how);
      case "deletecollection":
        return await this.#deleteCollection(call, how);
      default:
        throw methodNotAllowed();
    }
  }

  #target({ namespace, name }: ResourceRequest): Target {
    return { namespace, name };
  }

  #send(
    call: ResourceRequest,
    how: Representation,
    code: number,
    object: Json,
    warnings: readonly string[] = [],
  ): void {
    const context = { include: includeObject(call.query), wallTime: this.#kernel.wallTime() };
    const body = representObject(object, call.definition.served, how, context);
    sendObject(call.response, { code, body, format: how.format, warnings });
  }

  #namespaceOf(call: ResourceRequest): string | undefined {
    return call.namespace === "" ? undefined : call.namespace;
  }

  #watch(call: ResourceRequest, how: Representation): void {
    const { definition, query, response } = call;
    const named = new URLSearchParams(query);
    if (call.name !== "") named.set("fieldSelector", `metadata.name=${call.name}`);
    const include = includeObject(query);
    this.#watches.serve({ definition, namespace: this.#namespaceOf(call), query: named, how, include }, response);
  }

  #list(call: ResourceRequest, how: Representation): void {
    const { definition, query, response } = call;
    const list = listObjects(this.#kernel, definition, this.#namespaceOf(call), query);
    const context = { include: includeObject(query), wallTime: this.#kernel.wallTime() };
    sendObject(response, { code: 200, body: representList(list, definition.served, how, context), format: how.format });
  }

  #get(call: ResourceRequest, how: Representation): void {
    const { definition, namespace, name } = call;
    const stored = this.#kernel.storage.get(definition.table, namespace, name);
    if (stored === undefined) throw notFound(definition.served, name);
    this.#send(call, how, 200, definition.toServed(stored));
  }

  async #body(call: ResourceRequest): Promise<Json> {
    const { request, definition } = call;
    return decodeObject(await readBody(request), request.headers["content-type"], definition.served.kind);
  }

  async #create(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, query, request } = call;
    if (call.name !== "" || (definition.served.namespaced && call.namespace === "")) throw methodNotAllowed();
    const options = writeOptions(query, request.headers["user-agent"]);
    const object = createObject(this.#kernel, definition, this.#target(call), await this.#body(call), options);
    this.#send(call, how, 201, object, options.warnings);
  }

  async #update(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, query, request, subresource } = call;
    const options = { ...writeOptions(query, request.headers["user-agent"]), subresource };
    const body = await this.#body(call);
    const { table, strategy } = definition;
    const exists = this.#kernel.storage.get(table, call.namespace, call.name) !== undefined;
    if (!exists && strategy.createOnUpdate && subresource === "" && !hasVersion(body)) {
      this.#send(
        call,
        how,
        201,
        createObject(this.#kernel, definition, this.#target(call), body, options),
        options.warnings,
      );
      return;
    }
    const object = updateObject(this.#kernel, definition, this.#target(call), () => body, options);
    this.#send(call, how, 200, object, options.warnings);
  }

  async #patch(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, query, request, subresource } = call;
    const options = writeOptions(query, request.headers["user-agent"]);
    const patch = { contentType: request.headers["content-type"], body: await readBody(request), subresource };
    const { object, created } = patchObject(this.#kernel, definition, this.#target(call), patch, options);
    this.#send(call, how, created ? 201 : 200, object, options.warnings);
  }

  async #deleteBody(call: ResourceRequest): Promise<Json> {
    const body = await readBody(call.request);
    return body.length === 0 ? {} : decodeObject(body, call.request.headers["content-type"], "DeleteOptions");
  }

  async #delete(call: ResourceRequest, how: Representation): Promise<void> {
    if (call.subresource !== "") throw methodNotAllowed();
    const { definition } = call;
    const options = deleteOptions(await this.#deleteBody(call), call.query);
    const { object, gone } = deleteObject(this.#kernel, definition, this.#target(call), options);
    if (!gone || definition.strategy.deleteReturnsObject) return this.#send(call, how, 200, object);
    this.#send(call, how, 200, deletedStatus(call, object));
  }

  async #deleteCollection(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, query } = call;
    if (definition.served.namespaced && call.namespace === "") throw methodNotAllowed();
    const { dryRun, propagation } = deleteOptions(await this.#deleteBody(call), query);
    const list = listObjects(this.#kernel, definition, this.#namespaceOf(call), query);
    for (const { metadata } of list.items) {
      const target = { namespace: metadata.namespace ?? "", name: metadata.name };
      deleteObject(this.#kernel, definition, target, { ...DELETE_NOW, dryRun, propagation });
    }
    const context = { include: includeObject(query), wallTime: this.#kernel.wallTime() };
    const body = representList(list, definition.served, how, context);
    sendObject(call.response, { code: 200, body, format: how.format });
  }
}

function hasVersion(body: Json): boolean {
  const metadata = body["metadata"];
  if (typeof metadata !== "object" || metadata === null) throw badRequest("the object has no metadata");
  const version = (metadata as { resourceVersion?: unknown }).resourceVersion;
  return version !== undefined && version !== "";
}

function deletedStatus({ definition }: ResourceRequest, object: ApiObject): Json {
  const { group, plural } = definition.served;
  const { name, uid } = object.metadata;
  const details = { name, ...(group === "" ? {} : { group }), kind: plural, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}
