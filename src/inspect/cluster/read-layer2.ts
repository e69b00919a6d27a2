import { projectEndpointSlice, SERVICE_LABEL } from "../../config/endpoint-slice.ts";
import { KINDS } from "../../config/kinds.ts";
import { projectL2Status } from "../../config/l2-status.ts";
import { STATUS_LABELS } from "../../config/service-status.ts";
import { projectNode } from "../../config/node.ts";
import type { KubeClient, KubeObject, ObjectKey, ObjectName, ResourceType } from "../../ports/kube.ts";
import type { Layer2View } from "./layer2-view.ts";
import { whyNot } from "./read-cluster.ts";
import { projectSpeakerPod, type SpeakerPod } from "./speaker-pod.ts";

export interface ReadLayer2 {
  /** Undefined: too little could be read. */
  readonly view: Layer2View | undefined;
  /** What could not be read, and what looks odd. */
  readonly notes: readonly string[];
}

/** Reads what layer 2 is decided from and what the speakers say; of one Service, or of all. */
export async function readLayer2(client: KubeClient, namespace: string, service?: ObjectName): Promise<ReadLayer2> {
  const notes: string[] = [];
  const list = async (resource: ResourceType, options: Parameters<KubeClient["list"]>[1]) => {
    const listed = await client.list(resource, options);
    if (listed.ok) return listed.value;
    notes.push(`not read: ${resource.plural}: ${whyNot(listed.error, resource)}`);
    return undefined;
  };
  const [nodes, advertisements, slices, statuses, pods] = await Promise.all([
    list(KINDS.Node, {}),
    list(KINDS.L2Advertisement, { namespace }),
    list(KINDS.EndpointSlice, slicesOf(service)),
    list(KINDS.ServiceL2Status, { namespace, ...statusesOf(service) }),
    list(KINDS.Pod, { namespace }),
  ]);
  const speakers = pods === undefined ? undefined : speakersIn(pods, namespace, notes);
  if (nodes === undefined || advertisements === undefined || slices === undefined) return { view: undefined, notes };
  const view = {
    nodes: nodes.map(projectNode),
    advertisements,
    slices: byService(slices.map(projectEndpointSlice)),
    statuses: statuses && byService(statuses.map(projectL2Status).filter(({ written }) => written)),
    speakers,
  };
  return { view, notes: notes.sort() };
}

function slicesOf(service: ObjectName | undefined) {
  if (service === undefined) return {};
  return { namespace: service.namespace, labelSelector: `${SERVICE_LABEL}=${service.name}` };
}

function statusesOf(service: ObjectName | undefined) {
  if (service === undefined) return {};
  const { serviceName, serviceNamespace } = STATUS_LABELS;
  return { labelSelector: `${serviceName}=${service.name},${serviceNamespace}=${service.namespace}` };
}

function speakersIn(
  pods: readonly KubeObject[],
  namespace: string,
  notes: string[],
): readonly SpeakerPod[] | undefined {
  const speakers = pods.map(projectSpeakerPod).filter((pod) => pod !== undefined);
  if (speakers.length > 0) return speakers;
  notes.push(
    `no speaker Pods found in namespace ${namespace} (label component=speaker): all nodes are taken to have one`,
  );
  return undefined;
}

function byService<T extends { readonly service: ObjectKey | undefined }>(
  items: readonly T[],
): ReadonlyMap<ObjectKey, readonly T[]> {
  const groups = new Map<ObjectKey, T[]>();
  for (const item of items) {
    if (item.service === undefined) continue;
    const group = groups.get(item.service);
    if (group === undefined) groups.set(item.service, [item]);
    else group.push(item);
  }
  return groups;
}
