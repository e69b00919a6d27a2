import { fieldsOf, type Fields, itemsOf, textOf } from "../../config/fields.ts";
import type { KubeObject } from "../../ports/kube.ts";
import type { Protocol } from "../proxy/plan.ts";

/** What the stand-in for the kubelet keeps of a Pod. */
export interface LabPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly hostNetwork: boolean;
  /** Addresses it has been given, one per family; empty for a Pod that nobody has started. */
  readonly addresses: readonly string[];
  readonly containers: readonly string[];
  readonly ports: readonly ContainerPort[];
  /** Asked before the Pod counts as ready; undefined when it has no probe. */
  readonly probe: Probe | undefined;
}

export interface ContainerPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** An HTTP readiness probe. `host` is undefined when the Pod's own address is meant. */
export interface Probe {
  readonly host: string | undefined;
  readonly port: number;
  readonly path: string;
}

const MOST = 100;

export function projectLabPod(object: KubeObject): LabPod {
  const { namespace = "", name } = object.metadata;
  const spec = fieldsOf(object["spec"]);
  const status = fieldsOf(object["status"]);
  const containers = itemsOf(spec["containers"], MOST).map(fieldsOf);
  return {
    namespace,
    name,
    node: textOf(spec["nodeName"]) ?? "",
    hostNetwork: spec["hostNetwork"] === true,
    addresses: itemsOf(status["podIPs"], MOST)
      .map((entry) => textOf(fieldsOf(entry)["ip"]))
      .filter((ip) => ip !== undefined),
    containers: containers.map((container) => textOf(container["name"]) ?? ""),
    ports: containers.flatMap((container) => itemsOf(container["ports"], MOST)).flatMap(portOf),
    probe: containers.map(probeOf).find((probe) => probe !== undefined),
  };
}

function portOf(value: unknown): ContainerPort[] {
  const { protocol = "TCP", containerPort } = fieldsOf(value);
  if ((protocol !== "TCP" && protocol !== "UDP") || typeof containerPort !== "number") return [];
  return [{ protocol, port: containerPort }];
}

function probeOf(container: Fields): Probe | undefined {
  const get = fieldsOf(fieldsOf(container["readinessProbe"])["httpGet"]);
  const port = get["port"];
  return typeof port === "number" ? { host: textOf(get["host"]), port, path: textOf(get["path"]) ?? "/" } : undefined;
}
