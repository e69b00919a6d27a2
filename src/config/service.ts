import type { Family } from "../ip/family.ts";
import type { KubeObject } from "../ports/kube.ts";
import { annotationsOf, fieldsOf, itemsOf, textMapOf, textOf, textsOf } from "./fields.ts";
import type { Labels } from "./selector.ts";

/** What the controller and the speaker keep of a Service. Texts that are absent or of the wrong type are "". */
export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** RFC 3339, UTC. */
  readonly creationTimestamp: string;
  readonly labels: Labels;
  /** Only those in `SERVICE_ANNOTATIONS`, by their full key. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly type: string;
  readonly loadBalancerClass: string | undefined;
  readonly loadBalancerIP: string;
  readonly externalTrafficPolicy: string;
  readonly selector: Labels;
  readonly ports: readonly ServicePort[];
  readonly clusterIPs: readonly string[];
  readonly ipFamilies: readonly Family[];
  readonly ipFamilyPolicy: string;
  readonly ingress: readonly IngressEntry[];
  readonly conditions: readonly ServiceCondition[];
}

interface ServicePort {
  /** "TCP", "UDP" or "SCTP". */
  readonly protocol: string;
  readonly port: number;
}

/** An entry of `status.loadBalancer.ingress`. */
interface IngressEntry {
  readonly ip: string;
  readonly hostname: string;
}

/** A whole entry of `status.conditions`, so that the list can be written back without losing other writers' entries. */
export interface ServiceCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** The annotation by which the controller says which pool an address came from. */
export const POOL_ANNOTATION = "metallb.io/ip-allocated-from-pool";

/** Condition type by which the controller says whether a Service has its address, and why not. */
export const ALLOCATED_CONDITION = "metallb.io/Allocated";

/** What users ask for by annotation. Each has a deprecated key; the new key wins wherever it is present. */
export const REQUEST_ANNOTATIONS = {
  pool: { key: "metallb.io/address-pool", deprecated: "metallb.universe.tf/address-pool" },
  addresses: { key: "metallb.io/loadBalancerIPs", deprecated: "metallb.universe.tf/loadBalancerIPs" },
  sharingKey: { key: "metallb.io/allow-shared-ip", deprecated: "metallb.universe.tf/allow-shared-ip" },
} as const;

const SERVICE_ANNOTATIONS: readonly string[] = [
  POOL_ANNOTATION,
  "metallb.universe.tf/ip-allocated-from-pool",
  ...Object.values(REQUEST_ANNOTATIONS).flatMap(({ key, deprecated }) => [key, deprecated]),
];

const MOST_PORTS = 65_536;
const MOST_ADDRESSES = 16;
/** More than an object has room for: the list is written back, and nobody's entry may be lost with that. */
const MOST_CONDITIONS = 131_072;
const MESSAGE_LENGTH = 32_768;

/** Keeps what is used of a Service and checks its types. Never throws. */
export function projectService(object: KubeObject): ServiceView {
  const metadata = fieldsOf(object.metadata);
  const spec = fieldsOf(object["spec"]);
  const status = fieldsOf(object["status"]);
  return {
    namespace: textOf(metadata["namespace"]) ?? "",
    name: textOf(metadata["name"]) ?? "",
    uid: textOf(metadata["uid"]) ?? "",
    resourceVersion: textOf(metadata["resourceVersion"]) ?? "",
    creationTimestamp: textOf(metadata["creationTimestamp"]) ?? "",
    labels: textMapOf(metadata["labels"]),
    annotations: annotationsOf(metadata["annotations"], SERVICE_ANNOTATIONS),
    type: textOf(spec["type"]) ?? "",
    loadBalancerClass: textOf(spec["loadBalancerClass"]),
    loadBalancerIP: textOf(spec["loadBalancerIP"]) ?? "",
    externalTrafficPolicy: textOf(spec["externalTrafficPolicy"]) ?? "",
    selector: textMapOf(spec["selector"]),
    ports: itemsOf(spec["ports"], MOST_PORTS).map(portOf),
    clusterIPs: textsOf(spec["clusterIPs"], MOST_ADDRESSES),
    ipFamilies: textsOf(spec["ipFamilies"], MOST_ADDRESSES).filter(isFamily),
    ipFamilyPolicy: textOf(spec["ipFamilyPolicy"]) ?? "",
    ingress: itemsOf(fieldsOf(status["loadBalancer"])["ingress"], MOST_ADDRESSES).map(ingressOf),
    conditions: itemsOf(status["conditions"], MOST_CONDITIONS).map(conditionOf),
  };
}

/** What the user asks for; undefined when neither key is present. */
export function requestOf(service: ServiceView, what: keyof typeof REQUEST_ANNOTATIONS): string | undefined {
  const { key, deprecated } = REQUEST_ANNOTATIONS[what];
  return service.annotations[key] ?? service.annotations[deprecated];
}

/** Whether the Service is of the class this installation serves; `ours` is "" for Services without a class. */
export function isOurClass(service: ServiceView, ours: string): boolean {
  return ours === "" ? service.loadBalancerClass === undefined : service.loadBalancerClass === ours;
}

function portOf(item: unknown): ServicePort {
  const port = fieldsOf(item);
  const number = port["port"];
  return { protocol: textOf(port["protocol"]) ?? "TCP", port: typeof number === "number" ? number : 0 };
}

function ingressOf(item: unknown): IngressEntry {
  const entry = fieldsOf(item);
  return { ip: textOf(entry["ip"]) ?? "", hostname: textOf(entry["hostname"]) ?? "" };
}

function conditionOf(item: unknown): ServiceCondition {
  const condition = fieldsOf(item);
  const generation = condition["observedGeneration"];
  return {
    type: textOf(condition["type"]) ?? "",
    status: textOf(condition["status"]) ?? "",
    reason: textOf(condition["reason"], 1024) ?? "",
    message: textOf(condition["message"], MESSAGE_LENGTH) ?? "",
    lastTransitionTime: textOf(condition["lastTransitionTime"]) ?? "",
    ...(typeof generation === "number" ? { observedGeneration: generation } : {}),
  };
}

function isFamily(text: string): text is Family {
  return text === "IPv4" || text === "IPv6";
}
