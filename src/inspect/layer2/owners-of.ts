import type { ObjectKey } from "../../ports/kube.ts";
import type { Announcement } from "../../speaker/protocol.ts";
import type { Layer2View } from "../cluster/layer2-view.ts";

/** Who says that it announces a Service, in name order; undefined: this could not be read. */
export function ownersOf(
  { statuses }: Layer2View,
  service: ObjectKey,
): readonly { readonly node: string; readonly interfaces: Announcement["interfaces"] }[] | undefined {
  if (statuses === undefined) return undefined;
  const owners = (statuses.get(service) ?? []).map(({ node, interfaces }) => ({
    node,
    interfaces: interfaces === undefined || interfaces.length === 0 ? ("all" as const) : interfaces,
  }));
  return owners.sort((a, b) => (a.node < b.node ? -1 : 1));
}
