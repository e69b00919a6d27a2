import type { IncomingMessage, ServerResponse } from "node:http";
import type { User } from "../auth.ts";
import type { Gate } from "../authorization/gate.ts";
import { badRequest, methodNotAllowed, notFound } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Representation } from "../negotiate.ts";
import { negotiate } from "../negotiate.ts";
import type { ApiObject, Json } from "../objects.ts";
import { includeObject, representList, representObject } from "../represent.ts";
import { ValidatingAdmission } from "../admission/validating-admission.ts";
import type { Admit } from "../rest/change.ts";
import { planCreate } from "../rest/create.ts";
import type { Target } from "../rest/decode.ts";
import { deleteAdmitted, deleteOptions } from "../rest/delete.ts";
import { servedForm } from "../rest/forms.ts";
import { listObjects } from "../rest/list.ts";
import { patchPlan } from "../rest/patch.ts";
import { planUpdate } from "../rest/update.ts";
import type { Watches } from "../rest/watch.ts";
import type { WriteOptions } from "../rest/write-options.ts";
import { writeOptions } from "../rest/write-options.ts";
import type { Plan } from "../rest/write.ts";
import { write } from "../rest/write.ts";
import { StatusError } from "../status.ts";
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
  /** Texts for Warning headers; whoever works on the request adds to it. */
  readonly warnings: string[];
}

/** Answers requests for resources: the REST verbs over HTTP. */
export class ResourceHandler {
  readonly #kernel: Kernel;
  readonly #watches: Watches;
  readonly #subresources: SubresourceHandlers;
  readonly #admission: ValidatingAdmission;
  readonly #gate: Gate;

  constructor(kernel: Kernel, gate: Gate, watches: Watches, subresources: SubresourceHandlers) {
    this.#kernel = kernel;
    this.#gate = gate;
    this.#watches = watches;
    this.#subresources = subresources;
    this.#admission = new ValidatingAdmission(kernel);
  }

  async handle(call: ResourceRequest): Promise<void> {
    const special = this.#subresources.find(call);
    if (special !== undefined) return await special(call);
    const how = negotiate(call.request.headers.accept, call.verb === "watch");
    if (!call.definition.served.verbs.some((verb) => verb === call.verb)) throw methodNotAllowed();
    const { deprecation } = call.definition.served;
    if (deprecation !== undefined) call.warnings.push(deprecation);
    switch (call.verb) {
      case "watch":
        return this.#watch(call, how);
      case "list":
        return await this.#list(call, how);
      case "get":
        return await this.#get(call, how);
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

  /** Shows changes to webhooks as made by this request. */
  #admit(call: ResourceRequest, kind: "CreateOptions" | "UpdateOptions" | "DeleteOptions", options: Json): Admit {
    const origin = { user: call.user, options: { kind, apiVersion: "meta.k8s.io/v1", ...options } };
    return (change) => this.#admission.admit(change, origin, call.warnings);
  }

  #send(call: ResourceRequest, how: Representation, code: number, object: Json): void {
    const context = { include: includeObject(call.query), wallTime: this.#kernel.wallTime() };
    const body = representObject(object, call.definition.served, how, context);
    sendObject(call.response, { code, body, format: how.format, warnings: call.warnings });
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

  async #list(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, query, response, warnings } = call;
    const list = await listObjects(this.#kernel, definition, this.#namespaceOf(call), query);
    const context = { include: includeObject(query), wallTime: this.#kernel.wallTime() };
    const body = representList(list, definition.served, how, context);
    sendObject(response, { code: 200, body, format: how.format, warnings });
  }

  async #get(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, namespace, name } = call;
    const stored = this.#kernel.storage.get(definition.table, namespace, name);
    if (stored === undefined) throw notFound(definition.served, name);
    this.#send(call, how, 200, await servedForm(definition, stored));
  }

  async #body(call: ResourceRequest): Promise<Json> {
    const { request, definition } = call;
    return decodeObject(await readBody(request), request.headers["content-type"], definition.served.kind);
  }

  #options(call: ResourceRequest): WriteOptions {
    return { ...writeOptions(call.query, call.request.headers["user-agent"]), warnings: call.warnings };
  }

  async #create(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition } = call;
    if (call.name !== "" || (definition.served.namespaced && call.namespace === "")) throw methodNotAllowed();
    const options = this.#options(call);
    const target = this.#target(call);
    const body = await this.#body(call);
    const plan: Plan = () => planCreate(this.#kernel, definition, target, body, options);
    await this.#write(call, how, plan, options);
  }

  async #update(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, subresource, name } = call;
    const options = { ...this.#options(call), subresource };
    const target = this.#target(call);
    const body = await this.#body(call);
    const mayCreate = definition.strategy.createOnUpdate && subresource === "" && !hasVersion(body);
    const plan: Plan = (current) => {
      if (current !== undefined) return planUpdate(this.#kernel, definition, current, () => body, options);
      if (!mayCreate) throw notFound(definition.served, name);
      return planCreate(this.#kernel, definition, target, body, options);
    };
    await this.#write(call, how, plan, options);
  }

  async #patch(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, request, subresource } = call;
    const options = this.#options(call);
    const patch = { contentType: request.headers["content-type"], body: await readBody(request), subresource };
    await this.#write(call, how, patchPlan(this.#kernel, definition, this.#target(call), patch, options), options);
  }

  async #write(call: ResourceRequest, how: Representation, plan: Plan, options: WriteOptions): Promise<void> {
    const admit: Admit = (change) => {
      const creates = change.operation === "CREATE";
      if (creates && call.verb !== "create") this.#mayCreate(call);
      return this.#admit(call, creates ? "CreateOptions" : "UpdateOptions", optionsBody(options))(change);
    };
    const { object, created } = await write(this.#kernel, call.definition, this.#target(call), plan, admit);
    this.#send(call, how, created ? 201 : 200, object);
  }

  /** Who creates by PUT or by server-side apply must be allowed to create, too. Throws 403. */
  #mayCreate({ definition, namespace, name, user }: ResourceRequest): void {
    const { group, version, plural } = definition.served;
    this.#gate.enterToCreate(user, {
      verb: "create",
      group,
      version,
      resource: plural,
      subresource: "",
      namespace,
      name,
    });
  }

  async #deleteBody(call: ResourceRequest): Promise<Json> {
    const body = await readBody(call.request);
    return body.length === 0 ? {} : decodeObject(body, call.request.headers["content-type"], "DeleteOptions");
  }

  async #delete(call: ResourceRequest, how: Representation): Promise<void> {
    if (call.subresource !== "") throw methodNotAllowed();
    const { definition } = call;
    const body = await this.#deleteBody(call);
    const options = deleteOptions(body, call.query);
    const admit = this.#admit(call, "DeleteOptions", body);
    const { object, gone } = await deleteAdmitted(this.#kernel, definition, this.#target(call), options, admit);
    if (!gone || definition.strategy.deleteReturnsObject) return this.#send(call, how, 200, object);
    this.#send(call, how, 200, deletedStatus(call, object));
  }

  async #deleteCollection(call: ResourceRequest, how: Representation): Promise<void> {
    const { definition, query } = call;
    if (definition.served.namespaced && call.namespace === "") throw methodNotAllowed();
    const options = await this.#deleteBody(call);
    const { uid: _uid, resourceVersion: _version, ...each } = deleteOptions(options, query);
    const admit = this.#admit(call, "DeleteOptions", options);
    const list = await listObjects(this.#kernel, definition, this.#namespaceOf(call), query);
    for (const { metadata } of list.items) {
      const target = { namespace: metadata.namespace ?? "", name: metadata.name };
      await deleteAdmitted(this.#kernel, definition, target, each, admit).catch(unlessGone);
    }
    const context = { include: includeObject(query), wallTime: this.#kernel.wallTime() };
    const body = representList(list, definition.served, how, context);
    sendObject(call.response, { code: 200, body, format: how.format, warnings: call.warnings });
  }
}

/** What CreateOptions and UpdateOptions say. */
function optionsBody({ manager, managerGiven, dryRun, fieldValidation }: WriteOptions): Json {
  return {
    ...(dryRun ? { dryRun: ["All"] } : {}),
    ...(managerGiven ? { fieldManager: manager } : {}),
    fieldValidation,
  };
}

/** Another request was faster to delete what is to be deleted. */
function unlessGone(thrown: unknown): void {
  if (!(thrown instanceof StatusError) || thrown.status.code !== 404) throw thrown;
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
