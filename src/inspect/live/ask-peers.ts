import type { PodReader } from "../../ports/pods.ts";
import type { LivePeer } from "../../speaker/bgp/live-bgp.ts";
import type { SpeakerPod } from "../cluster/speaker-pod.ts";
import { readSpeaker } from "./ask-speakers.ts";
import { type AskedSpeaker, isRead, type LiveView } from "./live-view.ts";
import { type ReaderOptions, StateReader } from "./state-reader.ts";

export interface AskPeersOptions extends ReaderOptions {
  /** Only about this peer; undefined: about all. */
  readonly peer?: string | undefined;
  /** Whether all routes are wanted, which are many. */
  readonly routes: boolean;
}

/** Asks all speakers at once about their BGP peers, and not about addresses. */
export function askPeers(
  reader: PodReader,
  namespace: string,
  pods: readonly SpeakerPod[],
  options: AskPeersOptions,
): Promise<LiveView> {
  const states = new StateReader(reader, namespace, options);
  return Promise.all(pods.map((pod) => ask(states, pod, options)));
}

async function ask(states: StateReader, pod: SpeakerPod, options: AskPeersOptions): Promise<AskedSpeaker> {
  const { speaker } = readSpeaker(pod, await states.page(pod, new URLSearchParams({ limit: "1" })));
  if (!isRead(speaker) || speaker.bgp === undefined) return speaker;
  const wanted = speaker.bgp.peers.filter(({ name }) => options.peer === undefined || name === options.peer);
  const read = { ...speaker, addresses: [] };
  if (!options.routes) return { ...read, bgp: { peers: wanted } };
  const peers: LivePeer[] = [];
  for (const peer of wanted) {
    const query = new URLSearchParams({ peer: peer.name });
    const first = await states.page(pod, query);
    if (!first.ok) return { ...read, bgp: { peers }, partial: first.error };
    const routes = [...routesIn(first.value.bgp?.peers)];
    for await (const page of states.rest(pod, query, first.value.continue)) {
      if (!page.ok) return { ...read, bgp: { peers: [...peers, { ...peer, routes }] }, partial: page.error };
      routes.push(...routesIn(page.value.bgp?.peers));
    }
    peers.push({ ...peer, routes });
  }
  return { ...read, bgp: { peers } };
}

/** Of an answer about one peer. It is gone when it is not in the answer. */
function routesIn([peer]: readonly LivePeer[] = []): NonNullable<LivePeer["routes"]> {
  return peer?.routes ?? [];
}
