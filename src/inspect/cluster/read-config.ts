import { KINDS } from "../../config/kinds.ts";
import type { KubeClient, KubeObject } from "../../ports/kube.ts";
import type { ConfigLists } from "./config-lists.ts";
import type { ClusterSnapshot } from "./snapshot.ts";
import { whyNot } from "./read-cluster.ts";

const OTHERS = {
  l2Advertisements: KINDS.L2Advertisement,
  bgpAdvertisements: KINDS.BGPAdvertisement,
  bgpPeers: KINDS.BGPPeer,
  bfdProfiles: KINDS.BFDProfile,
  communities: KINDS.Community,
} as const;

/** The whole configuration of a cluster whose pools are known. A kind that can't be read counts as absent, with a note. */
export async function readConfig(
  client: KubeClient,
  { namespace, pools }: ClusterSnapshot,
): Promise<{ readonly lists: ConfigLists; readonly notes: readonly string[] }> {
  const notes: string[] = [];
  const lists = await Promise.all(
    Object.entries(OTHERS).map(async ([name, resource]) => {
      const listed = await client.list(resource, { namespace });
      if (listed.ok) return [name, listed.value] as const;
      notes.push(`not read: ${resource.plural}: ${whyNot(listed.error, resource)}`);
      return [name, [] as readonly KubeObject[]] as const;
    }),
  );
  const others = Object.fromEntries(lists) as Omit<ConfigLists, "ipAddressPools">;
  return { lists: { ipAddressPools: pools, ...others }, notes };
}
