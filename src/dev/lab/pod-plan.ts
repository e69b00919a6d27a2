import { parseAddress } from "../../ip/address.ts";
import { parsePrefix, prefixRange } from "../../ip/prefix.ts";
import { type ProxiedSlice, socketName } from "../proxy/plan.ts";
import type { EchoSpec } from "./echo-server.ts";
import type { ContainerPort, PodSpec } from "../kubelet/pod-spec.ts";
import { type LabNode, podAddress } from "./topology.ts";

export interface PodPlan {
  /** What the node's `lo` must have. */
  readonly addresses: ReadonlySet<string>;
  readonly servers: ReadonlyMap<string, EchoSpec>;
}

/**
 * The servers that stand in for the containers on a node. A Pod listens on its declared ports and on every port that an
 * EndpointSlice sends traffic to, because manifests often leave `containerPort` out.
 */
export function podPlan(pods: Iterable<PodSpec>, slices: readonly ProxiedSlice[], node: LabNode): PodPlan {
  const addresses = new Set<string>();
  const servers = new Map<string, EchoSpec>();
  for (const pod of pods) {
    const declared = pod.containers.flatMap(({ ports }) => ports);
    for (const address of pod.addresses.filter((ip) => isPodAddress(ip, node))) {
      addresses.add(address);
      for (const { protocol, port } of [...declared, ...targetedPorts(slices, address)]) {
        const identity = `pod ${pod.name} on ${node.name}, port ${port}/${protocol}`;
        servers.set(`${protocol} ${socketName(address, port)}`, { protocol, address, port, identity });
      }
    }
  }
  return { addresses, servers };
}

/** The addresses for a new Pod: the lowest of each family that no other Pod has. */
export function freePodAddresses(taken: ReadonlySet<string>, node: LabNode): string[] {
  return [node.podCidrs.ipv4, node.podCidrs.ipv6].map((cidr) => {
    let n = 1;
    while (taken.has(podAddress(cidr, n))) n++;
    return podAddress(cidr, n);
  });
}

function targetedPorts(slices: readonly ProxiedSlice[], address: string): Pick<ContainerPort, "protocol" | "port">[] {
  return slices.filter(({ endpoints }) => endpoints.some((e) => e.address === address)).flatMap(({ ports }) => ports);
}

/** Whether the node itself gave the address; host addresses and the controller's are not served here. */
function isPodAddress(text: string, { podCidrs }: LabNode): boolean {
  const address = parseAddress(text);
  return [podCidrs.ipv4, podCidrs.ipv6].some((cidr) => {
    const { first, last } = prefixRange(parsePrefix(cidr)!);
    return address !== undefined && first <= address && address <= last;
  });
}
