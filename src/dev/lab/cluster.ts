import { parseAllDocuments } from "yaml";
import { KINDS } from "../../config/kinds.ts";
import { fieldsOf, itemsOf, textOf } from "../../config/fields.ts";
import { EnvironmentError } from "../../lib/errors.ts";
import type { KubeClient, KubeObject, KubeResult, ObjectName, ResourceType } from "../../ports/kube.ts";
import { BUILTIN_RESOURCES } from "../api-server/builtin-resources.ts";
import { apiVersionOf } from "../api-server/resources.ts";
import type { ClusterObject } from "./cluster-objects.ts";

const MOST = 100;

/** An event as `kubectl events` tells it. */
export interface ClusterEvent {
  readonly reason: string;
  readonly message: string;
}

/** The lab's own view of the cluster: it looks only at what every user of the API can see. */
export class Cluster {
  readonly client: KubeClient;

  constructor(client: KubeClient) {
    this.client = client;
  }

  /** Creates an object, and writes its status when it has one. */
  async create({ resource, namespace, body, status }: ClusterObject): Promise<void> {
    const created = must(await this.client.create(resource, body, within(namespace)));
    if (status === undefined) return;
    const name = { namespace, name: created.metadata.name };
    must(await this.client.patch(resource, name, { type: "merge", body: { status } }, { subresource: "status" }));
  }

  /** Creates the objects of a manifest of several documents, in their order. */
  async createAll(manifest: string): Promise<void> {
    for (const body of documentsOf(manifest)) {
      await this.create({ resource: resourceOf(body), namespace: body.metadata.namespace ?? "", body });
    }
  }

  /** Applies the objects of a manifest, in their order, as their only owner. Resolves to how many there are. */
  async apply(manifest: string): Promise<number> {
    const objects = documentsOf(manifest);
    for (const body of objects) {
      const resource = resourceOf(body);
      const name = { namespace: resource.namespaced ? (body.metadata.namespace ?? "") : "", name: body.metadata.name };
      must(await this.client.patch(resource, name, { type: "apply", body }, { fieldManager: "metallb-lab" }));
    }
    return objects.length;
  }

  /** Deleting what is not there is no error. */
  async delete(resource: ResourceType, name: ObjectName): Promise<void> {
    const result = await this.client.delete(resource, name);
    if (!result.ok && result.error.code !== 404) must(result);
  }

  async get(resource: ResourceType, name: ObjectName): Promise<KubeObject> {
    return must(await this.client.get(resource, name));
  }

  /** Objects of a namespace, or of all when it is "". */
  async list(resource: ResourceType, namespace: string, labelSelector?: string): Promise<readonly KubeObject[]> {
    const selector = labelSelector === undefined ? {} : { labelSelector };
    return must(await this.client.list(resource, { ...within(namespace), ...selector }));
  }

  /** True, or undefined with a reason: throws when the Pod says why it is not ready. */
  async isReady(pod: ObjectName): Promise<true | undefined> {
    return saysReady(await this.get(KINDS.Pod, pod));
  }

  /** A Service's load-balancer addresses, in the order of its status. */
  async addressesOf(service: ObjectName): Promise<readonly string[]> {
    const { loadBalancer } = fieldsOf((await this.get(KINDS.Service, service))["status"]);
    return itemsOf(fieldsOf(loadBalancer)["ingress"], MOST)
      .map((entry) => textOf(fieldsOf(entry)["ip"]))
      .filter((ip) => ip !== undefined);
  }

  /** The nodes that say they announce a Service, by their ServiceL2Status. */
  async announcersOf({ namespace, name }: ObjectName, metallbNamespace: string): Promise<readonly string[]> {
    const selector = `metallb.io/service-name=${name},metallb.io/service-namespace=${namespace}`;
    const statuses = await this.list(KINDS.ServiceL2Status, metallbNamespace, selector);
    return statuses.map((status) => textOf(fieldsOf(status["status"])["node"])).filter((node) => node !== undefined);
  }

  async eventsOf({ namespace, name }: ObjectName): Promise<readonly ClusterEvent[]> {
    const events = await this.list(KINDS.Event, namespace);
    return events
      .filter((event) => fieldsOf(event["involvedObject"])["name"] === name)
      .map((event) => ({ reason: textOf(event["reason"]) ?? "", message: textOf(event["message"], 4096) ?? "" }));
  }
}

/** True for a Pod that is ready. Throws with what it says when it is not, and returns undefined when it says nothing. */
export function saysReady(pod: KubeObject): true | undefined {
  const conditions = itemsOf(fieldsOf(pod["status"])["conditions"], MOST).map(fieldsOf);
  const ready = conditions.find(({ type }) => type === "Ready");
  if (ready?.["status"] === "True") return true;
  const message = textOf(ready?.["message"], 1000);
  if (message === undefined) return undefined;
  throw new EnvironmentError("not-ready", `${pod.metadata.name}: ${message}`, { retryable: true });
}

function documentsOf(manifest: string): KubeObject[] {
  const documents = parseAllDocuments(manifest).map((document) => document.toJS() as KubeObject | null);
  return documents.filter((document) => document !== null);
}

/** Where objects of this kind live. Throws an Error for a kind that neither the cluster nor the product has. */
function resourceOf({ apiVersion = "", kind }: KubeObject): ResourceType {
  const known: readonly ResourceType[] = [...Object.values<ResourceType>(KINDS), ...BUILTIN_RESOURCES];
  const found = known.find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);
  if (found === undefined) throw new Error(`the manifest has a ${apiVersion} ${kind}, which the lab does not know`);
  return found;
}

function within(namespace: string): { readonly namespace?: string } {
  return namespace === "" ? {} : { namespace };
}

function must<T>(result: KubeResult<T>): T {
  if (result.ok) return result.value;
  const { code, reason, message, retryable } = result.error;
  throw new EnvironmentError("api-server", `the API server says ${code} ${reason}: ${message}`, { retryable });
}
