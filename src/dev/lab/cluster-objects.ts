import { KINDS } from "../../config/kinds.ts";
import type { ResourceType } from "../../ports/kube.ts";
import type { LabNode } from "./topology.ts";

export const METALLB_NAMESPACE = "metallb-system";

/** An object that the lab itself creates, as a cloud controller or a user would. */
export interface ClusterObject {
  readonly resource: ResourceType;
  readonly namespace: string;
  readonly body: object;
  /** Written after the object exists: creating an object ignores its status. */
  readonly status?: object;
}

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

/** A Pod of an application, bound to a node. The lab answers on every port that a Service sends it traffic to. */
export function applicationPod(
  namespace: string,
  { name, labels, ports }: { readonly name: string; readonly labels: object; readonly ports: readonly number[] },
  node: LabNode,
): ClusterObject {
  const container = { name: "app", image: "metallb-lab", ports: ports.map((containerPort) => ({ containerPort })) };
  return pod(namespace, name, { labels, spec: { nodeName: node.name, containers: [container] } });
}

interface PodShape {
  readonly labels: object;
  readonly spec: object;
}

function pod(namespace: string, name: string, { labels, spec }: PodShape): ClusterObject {
  const body = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels }, spec };
  return { resource: KINDS.Pod, namespace, body };
}
