import { projectEndpointSlice } from "../../src/config/endpoint-slice.ts";
import { projectL2Status } from "../../src/config/l2-status.ts";
import { projectNode } from "../../src/config/node.ts";
import type { Layer2View } from "../../src/inspect/cluster/layer2-view.ts";
import { projectSpeakerPod } from "../../src/inspect/cluster/speaker-pod.ts";
import type { AskedSpeaker, UnreadCode } from "../../src/inspect/live/live-view.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import type { LiveAddress } from "../../src/speaker/live-state.ts";

const NAMESPACE = "metallb-system";

interface Layer2NodeSpec {
  readonly labels?: Readonly<Record<string, string>>;
  readonly networkUnavailable?: boolean;
  /** Whether its speaker's Pod is ready; `none`: there is no Pod. */
  readonly speaker?: boolean | "none";
}

export interface Layer2Spec {
  readonly nodes: Readonly<Record<string, Layer2NodeSpec>>;
  /** Spec of each L2Advertisement by name. */
  readonly advertisements?: Readonly<Record<string, object>>;
  /** Nodes with ready endpoints of each Service (`namespace/name`); [] is an endpoint that isn't ready. */
  readonly endpoints?: Readonly<Record<string, readonly string[]>>;
  /** What the speakers of nodes say when they are asked; absent: they were not asked. */
  readonly live?: Readonly<Record<string, LiveSpec>>;
  /** For each Service, who says that it announces it, and on which interfaces; []: on all. */
  readonly statuses?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Why a speaker can't be read, or what it says. Its clock is at NOW. */
type LiveSpec = UnreadCode | SpeakerSpec;

interface SpeakerSpec {
  /** Sure unless told otherwise; `none`: it has no membership. */
  readonly doubt?: "joining" | "paused" | "silence" | "declared-dead" | "none";
  /** Whether it answers in its doubt. */
  readonly goesOn?: boolean;
  /** Nodes that it takes for members. */
  readonly members?: readonly string[];
  /** Those of them that may be dead. */
  readonly suspects?: readonly string[];
  /** What it lacks; undefined: it is ready. */
  readonly waitingFor?: string;
  /** By address. */
  readonly answers?: Readonly<Record<string, Partial<LiveAddress>>>;
}

const NOW = Date.UTC(2026, 0, 1);

/** A time before NOW. */
export function before(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

function askedSpeaker(node: string, spec: LiveSpec): AskedSpeaker {
  const who = { node, pod: `speaker-${node}` };
  if (typeof spec === "string") return { ...who, unread: { code: spec, explanation: `as ${spec}`, fix: "mend it" } };
  const { doubt, goesOn = false, members = [], suspects = [], waitingFor, answers = {} } = spec;
  const standing =
    doubt === undefined || doubt === "none"
      ? ({ kind: "sure" } as const)
      : ({ kind: "doubtful", reason: doubt, since: before(12), holdsBack: !goesOn } as const);
  const known = members.map((name) => ({
    node: name,
    address: "192.0.2.1",
    state: suspects.includes(name) ? ("suspect" as const) : ("alive" as const),
  }));
  return {
    ...who,
    now: NOW,
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(doubt === "none" ? {} : { membership: { standing, members: known } }),
    addresses: Object.entries(answers).map(([ip, more]) => ({
      ip,
      services: ["default/web"],
      interfaces: [{ name: "eth0", mac: macOf(node) }],
      duplicates: [],
      ...more,
    })),
  };
}

/** Of the node with a letter for its name. */
export function macOf(node: string): string {
  return `02:00:00:00:00:0${node}`;
}

/** The same objects as they would be in a cluster, by the plural of their kind. */
export function layer2Objects(spec: Layer2Spec) {
  const { nodes, advertisements = { l2: {} }, endpoints = {}, statuses = {} } = spec;
  return {
    nodes: Object.entries(nodes).map(([name, node]) => nodeObject(name, node)),
    l2advertisements: Object.entries(advertisements).map(([name, adSpec]) => ({
      apiVersion: "metallb.io/v1beta1",
      kind: "L2Advertisement",
      metadata: { name, namespace: NAMESPACE },
      spec: adSpec,
    })),
    endpointslices: Object.entries(endpoints).map(([service, on]) => sliceObject(service, on)),
    servicel2statuses: Object.entries(statuses).flatMap(([service, owners]) =>
      Object.entries(owners).map(([node, interfaces]) => statusObject(service, node, interfaces)),
    ),
    pods: Object.entries(nodes).flatMap(([name, { speaker = true }]) =>
      speaker === "none" ? [] : [podObject(name, speaker)],
    ),
  };
}

export function layer2View(spec: Layer2Spec): Layer2View {
  const objects = layer2Objects(spec);
  const pods = objects.pods.map(projectSpeakerPod).filter((pod) => pod !== undefined);
  return {
    nodes: objects.nodes.map(projectNode),
    advertisements: objects.l2advertisements,
    slices: Map.groupBy(objects.endpointslices.map(projectEndpointSlice), ({ service }) => service ?? ""),
    statuses: Map.groupBy(objects.servicel2statuses.map(projectL2Status), ({ service }) => service),
    speakers: pods.length === 0 ? undefined : pods,
    ...(spec.live === undefined
      ? {}
      : { live: Object.entries(spec.live).map(([node, speaker]) => askedSpeaker(node, speaker)) }),
  };
}

function nodeObject(name: string, { labels = {}, networkUnavailable = false }: Layer2NodeSpec): KubeObject {
  const conditions = networkUnavailable ? [{ type: "NetworkUnavailable", status: "True" }] : [];
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels: { name, ...labels } }, status: { conditions } };
}

function sliceObject(service: string, on: readonly string[]): KubeObject {
  const [namespace = "", name = ""] = service.split("/");
  const ready = on.map((nodeName) => ({ addresses: ["10.244.0.1"], nodeName, conditions: { ready: true } }));
  const notReady = { addresses: ["10.244.0.1"], conditions: { ready: false } };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: ready.length === 0 ? [notReady] : ready,
    ports: [],
  };
}

function statusObject(service: string, node: string, interfaces: readonly string[]): KubeObject {
  const [namespace = "", name = ""] = service.split("/");
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: "ServiceL2Status",
    metadata: {
      name: `l2-${name}-${node}`,
      namespace: NAMESPACE,
      labels: {
        "metallb.io/node": node,
        "metallb.io/service-name": name,
        "metallb.io/service-namespace": namespace,
      },
    },
    spec: {},
    status: {
      node,
      serviceName: name,
      serviceNamespace: namespace,
      ...(interfaces.length === 0 ? {} : { interfaces: interfaces.map((interfaceName) => ({ name: interfaceName })) }),
    },
  };
}

function podObject(node: string, ready: boolean): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `speaker-${node}`, namespace: NAMESPACE, labels: { app: "metallb", component: "speaker" } },
    spec: { nodeName: node, containers: [{ name: "speaker", image: "metallb" }] },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}
