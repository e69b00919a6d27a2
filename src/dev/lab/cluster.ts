import { parseAllDocuments } from "yaml";
import { KINDS } from "../../config/kinds.ts";
import { fieldsOf, itemsOf, textOf } from "../../config/fields.ts";
import { EnvironmentError } from "../../lib/errors.ts";
import type { KubeClient, KubeObject, KubeResult, ObjectName, ResourceType } from "../../ports/kube.ts";
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
    const documents = parseAllDocuments(manifest).map((document) => document.toJS() as KubeObject | null);
    for (const body of documents.filter((document) => document !== null)) {
      const resource = Object.values<ResourceType>(KINDS).find(({ kind }) => kind === body.kind);
      if (resource === undefined) throw new Error(`the manifest has a ${body.kind}, which the lab does not know`);
      await this.create({ resource, namespace: body.metadata.namespace ?? "", body });
    }
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
    const { conditions } = fieldsOf((await this.get(KINDS.Pod, pod))["status"]);
    const ready = itemsOf(conditions, MOST)
      .map(fieldsOf)
      .find(({ type }) => type === "Ready");
    if (ready?.["status"] === "True") return true;
    const message = textOf(ready?.["message"], 1000);
    if (message === undefined) return undefined;
    throw new EnvironmentError("not-ready", message, { retryable: true });
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

function within(namespace: string): { readonly namespace?: string } {
  return namespace === "" ? {} : { namespace };
}

function must<T>(result: KubeResult<T>): T {
  if (result.ok) return result.value;
  const { code, reason, message, retryable } = result.error;
  throw new EnvironmentError("api-server", `the API server says ${code} ${reason}: ${message}`, { retryable });
}
