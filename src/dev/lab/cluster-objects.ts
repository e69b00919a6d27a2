import { KINDS } from "../../config/kinds.ts";
import type { ResourceType } from "../../ports/kube.ts";
import { CONTROLLER, type LabNode, NODES, type Station } from "./topology.ts";

export const METALLB_NAMESPACE = "metallb-system";

/** An object that the lab itself creates, as an installer, a cloud controller or a kubelet would. */
export interface ClusterObject {
  readonly resource: ResourceType;
  readonly namespace: string;
  readonly body: object;
  /** Written after the object exists: creating an object ignores its status. */
  readonly status?: object;
}

const APPS = { group: "apps", version: "v1", namespaced: true } as const;
const DEPLOYMENT: ResourceType = { ...APPS, plural: "deployments", kind: "Deployment" };
const DAEMON_SET: ResourceType = { ...APPS, plural: "daemonsets", kind: "DaemonSet" };

const SERVICE_ACCOUNT: ResourceType = {
  group: "",
  version: "v1",
  plural: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
};

/** Port of `/readyz` in both programs. */
const HEALTH_PORT = 17_472;

export function namespaceObject(name: string): ClusterObject {
  return {
    resource: KINDS.Namespace,
    namespace: "",
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name } },
  };
}

/** A Node as the kubelet and the cloud controller keep it. */
export function nodeObject(node: LabNode, now: string): ClusterObject {
  const { name, ipv4, ipv6, podCidrs } = node;
  const condition = { type: "Ready", status: "True", reason: "KubeletReady", message: "stand-in of the lab" };
  return {
    resource: KINDS.Node,
    namespace: "",
    body: {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
      spec: { podCIDR: podCidrs.ipv4, podCIDRs: [podCidrs.ipv4, podCidrs.ipv6] },
    },
    status: {
      addresses: [
        { type: "InternalIP", address: ipv4 },
        { type: "InternalIP", address: ipv6 },
        { type: "Hostname", address: name },
      ],
      conditions: [{ ...condition, lastHeartbeatTime: now, lastTransitionTime: now }],
      nodeInfo: { kubeletVersion: "metallb-lab", osImage: "network namespace", operatingSystem: "linux" },
    },
  };
}

/** Selects the speakers' Pods. */
export const SPEAKER_LABELS = "app=metallb,component=speaker";

export function speakerPodName(node: LabNode): string {
  return `speaker-${node.name}`;
}

export const CONTROLLER_POD = "controller-0";

/** The node that the controller's Pod is bound to. */
export const CONTROLLER_HOST = NODES[1]!;

/** The objects an installation of MetalLB consists of, as far as somebody looks at them. */
export function metallbObjects(): ClusterObject[] {
  return [
    namespaceObject(METALLB_NAMESPACE),
    serviceAccount("controller"),
    serviceAccount("speaker"),
    workload(DEPLOYMENT, "controller", { replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1 }),
    workload(DAEMON_SET, "speaker", {
      desiredNumberScheduled: NODES.length,
      currentNumberScheduled: NODES.length,
      numberReady: NODES.length,
      numberAvailable: NODES.length,
      updatedNumberScheduled: NODES.length,
    }),
    {
      ...pod(METALLB_NAMESPACE, CONTROLLER_POD, metallbPod("controller", CONTROLLER_HOST)),
      status: { podIP: CONTROLLER.ipv4, podIPs: addresses(CONTROLLER) },
    },
    ...NODES.map((node) => pod(METALLB_NAMESPACE, speakerPodName(node), metallbPod("speaker", node))),
  ];
}

function serviceAccount(name: string): ClusterObject {
  const metadata = { name, namespace: METALLB_NAMESPACE };
  const body = { apiVersion: "v1", kind: "ServiceAccount", metadata };
  return { resource: SERVICE_ACCOUNT, namespace: METALLB_NAMESPACE, body };
}

/** A Pod of an application, bound to a node. The lab answers on every port that a Service sends it traffic to. */
export function applicationPod(
  namespace: string,
  { name, labels, ports }: { readonly name: string; readonly labels: object; readonly ports: readonly number[] },
  node: LabNode,
): ClusterObject {
  const container = { name: "app", image: "metallb-lab", ports: ports.map((containerPort) => ({ containerPort })) };
  return pod(namespace, name, { labels, spec: { nodeName: node.name, containers: [container] } });
}

function metallbPod(component: "controller" | "speaker", node: LabNode): PodShape {
  const onHost = component === "speaker";
  const httpGet = { path: "/readyz", port: HEALTH_PORT, ...(onHost ? { host: "127.0.0.1" } : {}) };
  return {
    labels: { app: "metallb", component },
    spec: {
      nodeName: node.name,
      hostNetwork: onHost,
      serviceAccountName: component,
      containers: [{ name: component, image: "metallb-lab", readinessProbe: { httpGet } }],
    },
  };
}

interface PodShape {
  readonly labels: object;
  readonly spec: object;
}

function pod(namespace: string, name: string, { labels, spec }: PodShape): ClusterObject {
  const body = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels }, spec };
  return { resource: KINDS.Pod, namespace, body };
}

/** There is no workload controller here: the status is what one would write. */
function workload(resource: ResourceType, name: string, status: object): ClusterObject {
  const labels = { app: "metallb", component: name };
  const template = { metadata: { labels }, spec: { containers: [{ name, image: "metallb-lab" }] } };
  return {
    resource,
    namespace: METALLB_NAMESPACE,
    body: {
      apiVersion: "apps/v1",
      kind: resource.kind,
      metadata: { name, namespace: METALLB_NAMESPACE, labels },
      spec: { selector: { matchLabels: labels }, template },
    },
    status: { observedGeneration: 1, ...status },
  };
}

function addresses({ ipv4, ipv6 }: Station): { readonly ip: string }[] {
  return [{ ip: ipv4 }, { ip: ipv6 }];
}
