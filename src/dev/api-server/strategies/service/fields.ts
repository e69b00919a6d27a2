import type { ApiObject, Json } from "../../objects.ts";
import { record, records, strings } from "../../objects.ts";

/** Services' specifications are read and written field by field; these name the questions asked most. */
export function specOf(object: ApiObject): Json {
  if (typeof object["spec"] !== "object" || object["spec"] === null) object["spec"] = {};
  return record(object["spec"]);
}

export function portsOf(spec: Json): Json[] {
  return records(spec["ports"]);
}

/** Has a cluster IP, or could have one. */
export function needsClusterIp(spec: Json): boolean {
  return spec["type"] !== "ExternalName";
}

export function isHeadless(spec: Json): boolean {
  return spec["clusterIP"] === "None" || strings(spec["clusterIPs"])[0] === "None";
}

/** Whether each port gets a node port of its own. */
export function needsNodePorts(spec: Json): boolean {
  if (spec["type"] === "NodePort") return true;
  return spec["type"] === "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] !== false;
}

/** Reachable from outside: what externalTrafficPolicy is for. */
export function isExternal(spec: Json): boolean {
  return spec["type"] === "NodePort" || spec["type"] === "LoadBalancer" || strings(spec["externalIPs"]).length > 0;
}

/** Gets a port on which nodes say whether they have local endpoints. */
export function needsHealthCheckPort(spec: Json): boolean {
  return spec["type"] === "LoadBalancer" && spec["externalTrafficPolicy"] === "Local";
}
