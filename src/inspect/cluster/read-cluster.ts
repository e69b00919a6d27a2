import { KINDS } from "../../config/kinds.ts";
import { projectNamespace } from "../../config/namespace.ts";
import { projectService } from "../../config/service.ts";
import { EnvironmentError } from "../../lib/errors.ts";
import type { KubeClient, KubeError, KubeObject, ResourceType } from "../../ports/kube.ts";
import type { ClusterSnapshot } from "./snapshot.ts";

/**
 * Reads what the controller decides from: one list of each kind, nothing else. Throws EnvironmentError (code
 * `unreadable`) that says what could not be read and what is needed for it.
 */
export async function readCluster(client: KubeClient, namespace: string): Promise<ClusterSnapshot> {
  const [services, pools, namespaces] = await listAll(client, namespace, [
    KINDS.Service,
    KINDS.IPAddressPool,
    KINDS.Namespace,
  ]);
  return {
    namespace,
    services: services!.map(projectService),
    pools: pools!,
    namespaces: namespaces!.map(projectNamespace),
  };
}

/**
 * All objects of each kind; of our own kinds those in `namespace`. Throws EnvironmentError (code `unreadable`) when all
 * answers are there and one is an error.
 */
async function listAll(
  client: KubeClient,
  namespace: string,
  resources: readonly ResourceType[],
): Promise<readonly (readonly KubeObject[])[]> {
  const isOurs = ({ group }: ResourceType) => group === KINDS.IPAddressPool.group;
  const lists = await Promise.all(
    resources.map((resource) => client.list(resource, isOurs(resource) ? { namespace } : {})),
  );
  return lists.map((list, i) => {
    if (list.ok) return list.value;
    const resource = resources[i]!;
    const what = whatIs(resource, isOurs(resource) ? namespace : undefined);
    const message = `can't list ${what}: ${whyNot(list.error, resource)}`;
    throw new EnvironmentError("unreadable", message, { retryable: list.error.retryable });
  });
}

/** `ipaddresspools.metallb.io in namespace metallb-system` */
function whatIs({ plural, group }: ResourceType, namespace: string | undefined): string {
  return `${plural}${group === "" ? "" : `.${group}`}${namespace === undefined ? "" : ` in namespace ${namespace}`}`;
}

/** What a request failed on, with what mends it as far as the code tells. */
export function whyNot({ code, message }: KubeError, { group }: ResourceType): string {
  if (code === 403) return `${message}; docs/inspect.md lists the permissions that are needed`;
  if (code === 404 && group === "metallb.io") return "the cluster doesn't know this kind; are the CRDs installed?";
  return message;
}
