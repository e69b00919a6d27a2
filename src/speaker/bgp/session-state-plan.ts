/** The plan for BGPSessionState objects: which write brings one to what a session says. Pure. */
import { canonical, type BgpSessionStateView, SESSION_LABELS } from "../../config/bgp-session-state.ts";
import { FAMILIES } from "../../ip/family.ts";
import { ownerReference } from "../../reporting/own-pod.ts";
import type { StatusIdentity, StatusWrite } from "../status-plan.ts";
import type { LivePeer } from "./live-bgp.ts";

/** What fits into the value of a label. */
const LONGEST_LABEL = 63;

/** What a status may hold at most; a peer may offer more, and say more. */
const MOST_CAPABILITIES = 256;
const LONGEST_ERROR = 4096;

/** What the status says of a session. Numbers that change without the state are as they were when it was written. */
export function sessionStatus(node: string, peer: LivePeer): Readonly<Record<string, unknown>> {
  const { lastEnd, negotiated, vrf = "" } = peer;
  return {
    bgpStatus: peer.state,
    bfdStatus: "N/A",
    node,
    peer: peer.name,
    vrf,
    remote: peer.remote,
    since: seconds(peer.since),
    ...(lastEnd === undefined
      ? {}
      : { lastError: lastEnd.reason.slice(0, LONGEST_ERROR), lastErrorTime: seconds(lastEnd.at) }),
    ...(negotiated === undefined
      ? {}
      : { peerASN: negotiated.peerAsn, capabilities: negotiated.capabilities.slice(0, MOST_CAPABILITIES) }),
    routes: FAMILIES.map((family) => {
      const { wanted, told } = peer.prefixes[family];
      return { family, meant: wanted, sent: told };
    }),
  };
}

/**
 * Which write comes next for the object `name`; undefined: none. `peer` is undefined when there is no session any more.
 * An object that another node wrote under our name is left alone.
 */
export function planSessionState(
  name: string,
  peer: LivePeer | undefined,
  existing: BgpSessionStateView | undefined,
  identity: StatusIdentity,
): StatusWrite | undefined {
  const { node, pod } = identity;
  if (existing !== undefined && existing.node !== node) return undefined;
  if (peer === undefined) return existing && { do: "delete", name };
  if (existing === undefined) return { do: "create", body: newState(name, peer, identity) };
  if (pod !== undefined && existing.owner !== pod.uid)
    return { do: "adopt", name, body: { metadata: { ownerReferences: [ownerReference(pod)] } } };
  const status = sessionStatus(node, peer);
  if (canonical(status) === existing.status) return undefined;
  // A merge patch keeps what it doesn't name.
  const gone = { lastError: null, lastErrorTime: null, peerASN: null, capabilities: null };
  return { do: "status", name, body: { status: { ...gone, ...status } } };
}

function newState(name: string, peer: LivePeer, { node, namespace, pod }: StatusIdentity): object {
  const labels = {
    [SESSION_LABELS.node]: node,
    [SESSION_LABELS.peer]: peer.name.slice(0, LONGEST_LABEL),
    [SESSION_LABELS.vrf]: peer.vrf ?? "",
  };
  const owners = pod === undefined ? {} : { ownerReferences: [ownerReference(pod)] };
  const metadata = { name, namespace, labels, ...owners };
  return { apiVersion: "metallb.io/v1beta1", kind: "BGPSessionState", metadata, spec: {} };
}

/** Without fractions, as Kubernetes writes times. */
function seconds(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}
