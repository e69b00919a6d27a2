import { KINDS } from "../../config/kinds.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { KubeClient } from "../../ports/kube.ts";
import { closestName } from "../closest-name.ts";
import { whyNot } from "./read-cluster.ts";
import { projectSpeakerPod, type SpeakerPod } from "./speaker-pod.ts";

/** The speakers' Pods, of one node or of all; at least one. */
export async function readSpeakers(
  client: KubeClient,
  namespace: string,
  node: string | undefined,
): Promise<Result<readonly SpeakerPod[], string>> {
  const listed = await client.list(KINDS.Pod, { namespace });
  if (!listed.ok) return err(`pods can't be read: ${whyNot(listed.error, KINDS.Pod)}`);
  const all = listed.value.map(projectSpeakerPod).filter((pod) => pod !== undefined);
  if (all.length === 0)
    return err(
      `no speaker Pods found in namespace ${namespace} (label component=speaker): if MetalLB is in another one, give --namespace`,
    );
  const wanted = all.filter((pod) => node === undefined || pod.node === node);
  if (wanted.length > 0 || node === undefined) return ok(wanted);
  const nodes = all.map((pod) => pod.node);
  const meant = closestName(node, nodes);
  const known = meant === undefined ? `speakers are on ${some(nodes)}` : `do you mean ${meant}?`;
  return err(`no speaker Pod on node ${node}: ${known}`);
}

/** Names that are listed. */
const MOST_NAMED = 5;

function some(names: readonly string[]): string {
  const shown = names.toSorted().slice(0, MOST_NAMED).join(", ");
  return names.length > MOST_NAMED ? `${shown} and others` : shown;
}
