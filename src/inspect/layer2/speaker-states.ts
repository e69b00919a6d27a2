import type { SpeakerPod } from "../cluster/speaker-pod.ts";

/** What is known of a node's speaker from its Pod. */
export type SpeakerState = "ready" | "not-ready" | "none" | "unknown";

/** Finds the state of each node's speaker. Where an old Pod goes while a new one is there, the better one counts. */
export function speakersByNode(pods: readonly SpeakerPod[] | undefined): (node: string) => SpeakerState {
  if (pods === undefined) return () => "unknown";
  const some = new Set(pods.map(({ node }) => node));
  const ready = new Set(pods.filter((pod) => pod.ready).map(({ node }) => node));
  return (node) => (ready.has(node) ? "ready" : some.has(node) ? "not-ready" : "none");
}
