import { KINDS } from "../../config/kinds.ts";
import type { KubeClient, KubeObject } from "../../ports/kube.ts";
import { CONFIG_KINDS, type ConfigKind, type ConfigLists } from "../../config/config-kinds.ts";
import type { ClusterSnapshot } from "./snapshot.ts";
import { whyNot } from "./read-cluster.ts";

const OTHERS = (Object.keys(CONFIG_KINDS) as ConfigKind[]).filter((kind) => kind !== "IPAddressPool");

/** The whole configuration of a cluster whose pools are known. A kind that can't be read counts as absent, with a note. */
export async function readConfig(
  client: KubeClient,
  { namespace, pools }: ClusterSnapshot,
): Promise<{ readonly lists: ConfigLists; readonly notes: readonly string[] }> {
  const notes: string[] = [];
  const lists = await Promise.all(
    OTHERS.map(async (kind) => {
      const [name, resource] = [CONFIG_KINDS[kind], KINDS[kind]];
      const listed = await client.list(resource, { namespace });
      if (listed.ok) return [name, listed.value] as const;
      notes.push(`not read: ${resource.plural}: ${whyNot(listed.error, resource)}`);
      return [name, [] as readonly KubeObject[]] as const;
    }),
  );
  const others = Object.fromEntries(lists) as Omit<ConfigLists, "ipAddressPools">;
  return { lists: { ipAddressPools: pools, ...others }, notes };
}
