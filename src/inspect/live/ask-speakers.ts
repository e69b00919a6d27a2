import type { Result } from "../../lib/result.ts";
import type { PodReader } from "../../ports/pods.ts";
import type { LiveState } from "../../speaker/live-state.ts";
import type { SpeakerPod } from "../cluster/speaker-pod.ts";
import type { AskedSpeaker, LiveView, ReadSpeaker, UnreadReason } from "./live-view.ts";
import { type ReaderOptions, StateReader } from "./state-reader.ts";

export interface AskOptions extends ReaderOptions {
  /** Only about these addresses; undefined: about all. */
  readonly ips?: readonly string[] | undefined;
  /** Routes that BGP peers are shown with; undefined: none. At most a hundred. */
  readonly prefixes?: readonly string[] | undefined;
}

/** Asks all speakers at once. Each answers for itself: what one doesn't tell is missed, and why is said. */
export function askSpeakers(
  reader: PodReader,
  namespace: string,
  pods: readonly SpeakerPod[],
  { ips = [], prefixes = [], ...options }: AskOptions,
): Promise<LiveView> {
  const states = new StateReader(reader, namespace, options);
  const query = new URLSearchParams();
  for (const ip of ips) query.append("ip", ip);
  for (const prefix of prefixes) query.append("prefix", prefix);
  return Promise.all(pods.map((pod) => ask(states, pod, new URLSearchParams(query))));
}

async function ask(states: StateReader, speaker: SpeakerPod, query: URLSearchParams): Promise<AskedSpeaker> {
  const first = readSpeaker(speaker, await states.page(speaker, query));
  if (!("addresses" in first.speaker)) return first.speaker;
  const addresses = [...first.speaker.addresses];
  for await (const page of states.rest(speaker, query, first.next)) {
    if (!page.ok) return { ...first.speaker, addresses, partial: page.error };
    addresses.push(...page.value.layer2);
  }
  return { ...first.speaker, addresses };
}

/** What the first page says, and where the next one begins. */
export function readSpeaker(
  { node, name: pod }: SpeakerPod,
  page: Result<LiveState, UnreadReason>,
): { readonly speaker: AskedSpeaker; readonly next: string | undefined } {
  if (!page.ok) return { speaker: { node, pod, unread: page.error }, next: undefined };
  const { now, waitingFor, membership, layer2, bgp, continue: next } = page.value;
  const speaker: ReadSpeaker = {
    node,
    pod,
    now: Date.parse(now),
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(membership === undefined ? {} : { membership }),
    addresses: layer2,
    ...(bgp === undefined ? {} : { bgp }),
  };
  return { speaker, next };
}
