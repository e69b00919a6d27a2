import { projectBgpStatus } from "../../config/bgp-status.ts";
import { KINDS } from "../../config/kinds.ts";
import { STATUS_LABELS } from "../../config/service-status.ts";
import type { KubeClient, ObjectName, ResourceType } from "../../ports/kube.ts";
import { whyNot } from "../cluster/read-cluster.ts";
import type { ReadBgp } from "./bgp-view.ts";

/** Reads what BGP is decided from, and what the speakers say of one Service. Without BGPAdvertisements, nothing more. */
export async function readBgp(client: KubeClient, namespace: string, service: ObjectName): Promise<ReadBgp> {
  const notes: string[] = [];
  const list = async (resource: ResourceType, labelSelector?: string) => {
    const options = { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) };
    const listed = await client.list(resource, options);
    if (listed.ok) return listed.value;
    notes.push(`not read: ${resource.plural}: ${whyNot(listed.error, resource)}`);
    return undefined;
  };
  const advertisements = await list(KINDS.BGPAdvertisement);
  if (advertisements === undefined || advertisements.length === 0) return { view: undefined, notes };
  const { serviceName, serviceNamespace } = STATUS_LABELS;
  const [peers, bfdProfiles, communities, statuses] = await Promise.all([
    list(KINDS.BGPPeer),
    list(KINDS.BFDProfile),
    list(KINDS.Community),
    list(KINDS.ServiceBGPStatus, `${serviceName}=${service.name},${serviceNamespace}=${service.namespace}`),
  ]);
  notes.sort();
  if (peers === undefined || bfdProfiles === undefined || communities === undefined) return { view: undefined, notes };
  const said = statuses?.map(projectBgpStatus).filter(({ written }) => written);
  return { view: { advertisements, peers, bfdProfiles, communities, statuses: said }, notes };
}
