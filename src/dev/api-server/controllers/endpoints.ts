import type { Family } from "../../../ip/family.ts";
import type { Kernel } from "../kernel.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, equalJson, record } from "../objects.ts";
import type { Definition } from "../registry.ts";
import { createObject } from "../rest/create.ts";
import { DELETE_NOW, deleteObject } from "../rest/delete.ts";
import { updateObject } from "../rest/update.ts";
import { internalWrite } from "../rest/write-options.ts";
import type { StorageEvent } from "../storage.ts";
import { backends, endpointSubsets, selects, sliceEndpoints, targetPorts } from "./endpoint-plan.ts";

const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const MANAGER = "endpointslice-controller.k8s.io";
const SERVICE_NAME = "kubernetes.io/service-name";
const SLICES = "endpointslices.discovery.k8s.io";
const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];
const WRITE = { ...internalWrite("kube-controller-manager"), subresource: "" };

/** Keeps EndpointSlices and Endpoints of Services with a selector: one slice per family. */
export class EndpointsController {
  readonly #kernel: Kernel;
  readonly #dirty = new Set<string>();
  /** Names of our slices by `namespace/service`. */
  readonly #slices = new Map<string, Set<string>>();
  #scheduled = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  start(): void {
    const { storage } = this.#kernel;
    for (const slice of storage.list(SLICES)) this.#indexSlice(slice, false);
    storage.subscribe(({ type, object }) => this.#indexSlice(object, type === "DELETED"), SLICES);
    storage.subscribe((event) => this.#service(event), "services");
    storage.subscribe((event) => this.#pod(event), "pods");
  }

  #service({ type, object, previous }: StorageEvent): void {
    const same = type === "MODIFIED" && equalJson(object["spec"], previous?.["spec"]);
    if (same && equalJson(object.metadata.labels, previous?.metadata.labels)) return;
    this.#mark(object);
  }

  #pod({ object, previous }: StorageEvent): void {
    const states = previous === undefined ? [object] : [object, previous];
    for (const service of this.#kernel.storage.each("services", object.metadata.namespace ?? "")) {
      if (states.some((pod) => selects(service, pod))) this.#mark(service);
    }
  }

  /** Bursts of changes are handled together, after the requests that made them. */
  #mark(service: ApiObject): void {
    this.#dirty.add(`${service.metadata.namespace}/${service.metadata.name}`);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const keys = [...this.#dirty];
      this.#dirty.clear();
      for (const key of keys) this.#sync(key);
    });
  }

  #sync(key: string): void {
    const [namespace = "", name = ""] = key.split("/");
    try {
      this.#reconcile(namespace, name);
    } catch (thrown) {
      this.#kernel.log.warn({ error: thrown, service: key }, "endpoints not written");
    }
  }

  #reconcile(namespace: string, name: string): void {
    const service = this.#kernel.storage.get("services", namespace, name);
    if (service === undefined) return this.#remove(namespace, name);
    if (Object.keys(record(at(service["spec"], "selector"))).length === 0) return;
    const pods = this.#kernel.storage.list("pods", namespace).filter((pod) => selects(service, pod));
    const wanted = at(service["spec"], "ipFamilies");
    const families = FAMILIES.filter((family) => Array.isArray(wanted) && wanted.includes(family));
    for (const family of FAMILIES) {
      const slice = families.includes(family) ? this.#sliceBody(service, pods, family) : undefined;
      this.#writeSlice(service, family, slice);
    }
    const primary = Array.isArray(wanted) && wanted[0] === "IPv6" ? "IPv6" : "IPv4";
    const list = backends(service, pods, primary);
    const subsets = endpointSubsets(list, targetPorts(service, list[0]?.pod));
    this.#write("endpoints", "v1", namespace, name, this.#endpointsBody(service, subsets));
  }

  #definition(table: string, version = "v1"): Definition {
    const [plural = "", ...group] = table.split(".");
    return this.#kernel.registry.find(group.join("."), version, plural)!;
  }

  #sliceBody(service: ApiObject, pods: readonly ApiObject[], family: Family): Json {
    const list = backends(service, pods, family);
    return { addressType: family, endpoints: sliceEndpoints(list), ports: targetPorts(service, list[0]?.pod) };
  }

  #ownSlices(namespace: string, service: string): ApiObject[] {
    const names = this.#slices.get(`${namespace}/${service}`) ?? [];
    return [...names].flatMap((name) => this.#kernel.storage.get(SLICES, namespace, name) ?? []);
  }

  #indexSlice({ metadata }: ApiObject, gone: boolean): void {
    const { namespace, name, labels = {} } = metadata;
    if (labels[MANAGED_BY] !== MANAGER) return;
    const key = `${namespace}/${labels[SERVICE_NAME]}`;
    const names = this.#slices.get(key) ?? new Set();
    if (gone) names.delete(name);
    else names.add(name);
    if (names.size === 0) this.#slices.delete(key);
    else this.#slices.set(key, names);
  }

  #writeSlice(service: ApiObject, family: Family, body: Json | undefined): void {
    const { name, namespace = "", uid } = service.metadata;
    const existing = this.#ownSlices(namespace, name).find((slice) => slice["addressType"] === family);
    const definition = this.#definition(SLICES);
    if (body === undefined) {
      if (existing !== undefined) deleteObject(this.#kernel, definition, place(existing), DELETE_NOW);
      return;
    }
    if (existing !== undefined) return this.#replace(definition, existing, body);
    const owner = { apiVersion: "v1", kind: "Service", name, uid, controller: true, blockOwnerDeletion: true };
    const metadata = {
      generateName: `${name}-`,
      namespace,
      labels: { ...service.metadata.labels, [SERVICE_NAME]: name, [MANAGED_BY]: MANAGER },
      ownerReferences: [owner],
    };
    createObject(this.#kernel, definition, { namespace, name: "" }, { ...body, metadata }, WRITE);
  }

  #replace(definition: Definition, existing: ApiObject, body: Json): void {
    if (Object.entries(body).every(([field, value]) => equalJson(value, existing[field]))) return;
    updateObject(this.#kernel, definition, place(existing), (current) => ({ ...current, ...body }), WRITE);
  }

  #endpointsBody(service: ApiObject, subsets: Json[]): Json {
    const { name, namespace, labels } = service.metadata;
    const metadata = { name, namespace, ...(labels === undefined ? {} : { labels }) };
    return { metadata, ...(subsets.length === 0 ? {} : { subsets }) };
  }

  #write(table: string, version: string, namespace: string, name: string, body: Json): void {
    const definition = this.#definition(table, version);
    const existing = this.#kernel.storage.get(table, namespace, name);
    if (existing === undefined) createObject(this.#kernel, definition, { namespace, name }, body, WRITE);
    else this.#replace(definition, existing, { subsets: body["subsets"] });
  }

  #remove(namespace: string, name: string): void {
    const { storage } = this.#kernel;
    for (const slice of this.#ownSlices(namespace, name)) {
      deleteObject(this.#kernel, this.#definition(SLICES), place(slice), DELETE_NOW);
    }
    if (storage.get("endpoints", namespace, name) === undefined) return;
    deleteObject(this.#kernel, this.#definition("endpoints"), { namespace, name }, DELETE_NOW);
  }
}

function place(object: ApiObject): { readonly namespace: string; readonly name: string } {
  return { namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}
