import { fieldsOf, type Fields, itemsOf, textOf } from "../../config/fields.ts";
import type { KubeObject } from "../../ports/kube.ts";
import type { Protocol } from "../proxy/plan.ts";
import { type Probe, probeOf } from "./probe-spec.ts";
import { securityOf, type Security } from "./security.ts";
import { type Mount, mountsOf, type Volume, volumesOf } from "./volume-spec.ts";

/** What the stand-in for the kubelet keeps of a Pod. */
export interface PodSpec {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly serviceAccount: string;
  /** Whether containers get the service account's token. */
  readonly automount: boolean;
  readonly restarts: "Always" | "OnFailure" | "Never";
  /** How long containers may take to end once they are told, in seconds. */
  readonly gracePeriod: number;
  /** Whether it has been deleted. */
  readonly deleted: boolean;
  /** Addresses it has been given, one per family; empty for a Pod that nobody has started. */
  readonly addresses: readonly string[];
  /** They run one after the other before the others start. */
  readonly initContainers: readonly ContainerSpec[];
  readonly containers: readonly ContainerSpec[];
  readonly volumes: readonly Volume[];
  /** The group that volumes belong to. */
  readonly fsGroup: number | undefined;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  /** Replaces the image's entrypoint. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** In order, as written: `valueFrom` is looked up when the container starts. */
  readonly env: readonly Fields[];
  readonly envFrom: readonly Fields[];
  readonly mounts: readonly Mount[];
  readonly ports: readonly ContainerPort[];
  readonly security: Security;
  readonly liveness: Probe | undefined;
  readonly readiness: Probe | undefined;
  readonly startup: Probe | undefined;
}

export interface ContainerPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

const MOST = 100;

/** Longest argument, in characters. */
const LONGEST = 32_768;

export function projectPod(object: KubeObject): PodSpec {
  const { namespace = "", name, uid = "", labels = {}, annotations = {}, deletionTimestamp } = object.metadata;
  const spec = fieldsOf(object["spec"]);
  const security = fieldsOf(spec["securityContext"]);
  const containers = (field: string): ContainerSpec[] =>
    itemsOf(spec[field], MOST).map((item) => containerOf(fieldsOf(item), security));
  return {
    namespace,
    name,
    uid,
    labels,
    annotations,
    deleted: deletionTimestamp !== undefined,
    node: textOf(spec["nodeName"]) ?? "",
    hostNetwork: spec["hostNetwork"] === true,
    serviceAccount: textOf(spec["serviceAccountName"]) || "default",
    automount: spec["automountServiceAccountToken"] !== false,
    restarts: RESTARTS.find((policy) => policy === spec["restartPolicy"]) ?? "Always",
    gracePeriod: gracePeriodOf(object),
    addresses: addressesOf(object),
    initContainers: containers("initContainers"),
    containers: containers("containers"),
    volumes: volumesOf(spec["volumes"]),
    fsGroup: numberOf(security["fsGroup"]),
  };
}

const RESTARTS = ["Always", "OnFailure", "Never"] as const;

/** What the deletion says, if there is one, or the Pod itself. */
function gracePeriodOf({ metadata, ...rest }: KubeObject): number {
  const asked = numberOf(fieldsOf(metadata)["deletionGracePeriodSeconds"]);
  return asked ?? numberOf(fieldsOf(rest["spec"])["terminationGracePeriodSeconds"]) ?? 30;
}

function addressesOf(object: KubeObject): string[] {
  return itemsOf(fieldsOf(object["status"])["podIPs"], MOST)
    .map((entry) => textOf(fieldsOf(entry)["ip"]))
    .filter((ip) => ip !== undefined);
}

function containerOf(container: Fields, podSecurity: Fields): ContainerSpec {
  const ports = itemsOf(container["ports"], MOST).flatMap(portOf);
  return {
    name: textOf(container["name"]) ?? "",
    image: textOf(container["image"]) ?? "",
    command: argumentsOf(container["command"]),
    args: argumentsOf(container["args"]),
    env: itemsOf(container["env"], MOST).map(fieldsOf),
    envFrom: itemsOf(container["envFrom"], MOST).map(fieldsOf),
    mounts: mountsOf(container["volumeMounts"]),
    ports,
    security: securityOf(podSecurity, fieldsOf(container["securityContext"])),
    liveness: probeOf(container["livenessProbe"], ports),
    readiness: probeOf(container["readinessProbe"], ports),
    startup: probeOf(container["startupProbe"], ports),
  };
}

function argumentsOf(value: unknown): string[] {
  return itemsOf(value, MOST).map((item) => textOf(item, LONGEST) ?? "");
}

function portOf(value: unknown): ContainerPort[] {
  const { name, protocol = "TCP", containerPort } = fieldsOf(value);
  if ((protocol !== "TCP" && protocol !== "UDP") || typeof containerPort !== "number") return [];
  return [{ name: textOf(name) ?? "", protocol, port: containerPort }];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
