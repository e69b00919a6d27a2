import { KINDS } from "../../config/kinds.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KubeWatcher, ObjectKey, WatchSink } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import { serveConsole } from "../kubelet/console.ts";
import { Kubelet, type KubeletOptions, type KubeletPorts } from "../kubelet/kubelet.ts";
import { projectPod } from "../kubelet/pod-spec.ts";
import type { Loopback } from "../proxy/loopback.ts";
import { NodeSockets } from "../proxy/node-sockets.ts";
import { type ProxiedService, type ProxiedSlice, proxyPlan } from "../proxy/plan.ts";
import { projectProxiedService, projectProxiedSlice } from "../proxy/projections.ts";
import { ServiceProxy } from "../proxy/service-proxy.ts";
import { type EchoCertificate, startEcho } from "./echo-server.ts";
import { freePodAddresses, podPlan } from "./pod-plan.ts";
import type { LabNode } from "./topology.ts";

export interface NodeAgentPorts extends KubeletPorts {
  readonly watcher: KubeWatcher;
  readonly clock: Clock;
  readonly log: Log;
  readonly loopback: Loopback;
}

export interface NodeAgentOptions {
  /** Where Pods reach the API server. */
  readonly apiServer: KubeletOptions["apiServer"];
  /** The unix socket of the node's console. */
  readonly console: string;
  /** What stand-ins show to HTTPS clients. */
  readonly certificate: EchoCertificate | undefined;
}

/**
 * Stands in for what a node runs besides the speaker: the kubelet with its containers, and kube-proxy. It runs in the
 * node's network namespace until the process ends, which takes its sockets with it; the addresses on `lo` stay, as
 * those of a node whose daemons died would.
 */
export async function runNodeAgent(node: LabNode, options: NodeAgentOptions, ports: NodeAgentPorts): Promise<void> {
  const { clock, log } = ports;
  const services = new Map<ObjectKey, ProxiedService>();
  const slices = new Map<ObjectKey, ProxiedSlice>();
  const kubelet = new Kubelet(
    {
      node: node.name,
      hostAddresses: [node.ipv4, node.ipv6],
      freeAddresses: (taken) => freePodAddresses(taken, node),
      apiServer: options.apiServer,
    },
    ports,
  );
  const proxy = new ServiceProxy(
    clock,
    new NodeSockets({ loopback: ports.loopback, log: log.with({ part: "proxy" }) }),
  );
  const containers = new NodeSockets({ loopback: ports.loopback, log: log.with({ part: "containers" }) });

  const applyProxy = (): void => proxy.apply(proxyPlan(services, slices.values(), node.name));
  const applyPods = (): void => {
    const { addresses, servers } = podPlan(kubelet.pods, [...slices.values()], node);
    const listeners = [...servers].map(([name, spec]) => [name, () => startEcho(spec, options.certificate)] as const);
    containers.apply({ addresses, listeners: new Map(listeners) });
  };

  log.info({ node: node.name }, "stand-in for kube-proxy and kubelet; not what a real node runs");
  const { watcher } = ports;
  watcher.watch({ resource: KINDS.Service, project: projectProxiedService }, into(services, applyProxy));
  watcher.watch(
    { resource: KINDS.EndpointSlice, project: projectProxiedSlice },
    into(slices, () => {
      applyProxy();
      applyPods();
    }),
  );
  const fieldSelector = `spec.nodeName=${node.name}`;
  const listed = Promise.withResolvers<void>();
  const pods = into(kubelet, () => {
    listed.resolve();
    applyPods();
  });
  watcher.watch({ resource: KINDS.Pod, fieldSelector, project: projectPod }, pods);
  // That there is a console says that the node is ready for Pods.
  await listed.promise;
  await serveConsole(kubelet, options.console);
}

interface Store<T> {
  set(key: ObjectKey, value: T): unknown;
  delete(key: ObjectKey): unknown;
}

/** Keeps a store up to date, and tells of every change once the first list is complete. */
function into<T>(store: Store<T>, changed: () => void): WatchSink<T> {
  let complete = false;
  const tell = (): void => {
    if (complete) changed();
  };
  return {
    set: (key, value) => {
      store.set(key, value);
      tell();
    },
    delete: (key) => {
      store.delete(key);
      tell();
    },
    synced: () => {
      complete = true;
      changed();
    },
  };
}
