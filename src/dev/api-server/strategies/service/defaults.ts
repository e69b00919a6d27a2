import type { ApiObject, Json } from "../../objects.ts";
import { equalJson, records, at, cloneJson } from "../../objects.ts";
import {
  isExternal,
  isHeadless,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePorts,
  portsOf,
  specOf,
} from "./fields.ts";

function setDefault(spec: Json, field: string, value: unknown): void {
  if (spec[field] === undefined || spec[field] === "" || spec[field] === null) spec[field] = value;
}

function dropEmpty(spec: Json, fields: readonly string[]): void {
  for (const field of fields) {
    const value = spec[field];
    const empty = value === "" || value === null || (Array.isArray(value) && value.length === 0);
    if (empty) delete spec[field];
  }
}

const OPTIONAL = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "externalIPs", "loadBalancerIP"];

/** What `type` decides about other fields. When it changes, fields that the client left as they were go with it. */
function clearForType(spec: Json, old: Json | undefined): void {
  if (old === undefined || old["type"] === spec["type"]) return;
  const unchanged = (field: string): boolean => equalJson(spec[field], old[field]);
  const clear = (field: string): void => {
    if (unchanged(field)) delete spec[field];
  };
  if (needsNodePorts(old) && !needsNodePorts(spec)) clearNodePorts(spec, old);
  if (spec["type"] !== "LoadBalancer") {
    clear("loadBalancerClass");
    clear("allocateLoadBalancerNodePorts");
    clear("healthCheckNodePort");
  }
  if (!isExternal(spec)) clear("externalTrafficPolicy");
  if (spec["type"] === "ExternalName") {
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"])
      clear(field);
  } else if (old["type"] === "ExternalName") clear("externalName");
}

function clearNodePorts(spec: Json, old: Json): void {
  const before = new Set(portsOf(old).map((port) => port["nodePort"]));
  for (const port of portsOf(spec)) if (before.has(port["nodePort"])) delete port["nodePort"];
}

/** What a client leaves out of an update keeps its allocation. */
function keepAllocations(spec: Json, old: Json | undefined): void {
  if (old === undefined || !needsClusterIp(old) || !needsClusterIp(spec)) return;
  for (const field of ["clusterIP", "ipFamilyPolicy"]) setDefault(spec, field, old[field]);
  const families = spec["ipFamilies"];
  if (families === undefined) spec["ipFamilies"] = cloneJson(old["ipFamilies"]);
  if (spec["clusterIPs"] === undefined && spec["clusterIP"] === old["clusterIP"]) {
    spec["clusterIPs"] = cloneJson(old["clusterIPs"]);
  }
  if (needsNodePorts(spec) && needsNodePorts(old)) keepNodePorts(spec, old);
  if (needsHealthCheckPort(spec) && needsHealthCheckPort(old)) {
    setDefault(spec, "healthCheckNodePort", old["healthCheckNodePort"]);
  }
}

function keepNodePorts(spec: Json, old: Json): void {
  const id = ({ port, protocol }: Json): string => `${String(port)}/${String(protocol)}`;
  const known = new Map(portsOf(old).map((port) => [id(port), port["nodePort"]]));
  const taken = new Set(portsOf(spec).map((port) => port["nodePort"]));
  for (const port of portsOf(spec)) {
    const nodePort = known.get(id(port));
    if (nodePort !== undefined && !taken.has(nodePort)) setDefault(port, "nodePort", nodePort);
  }
}

function defaultPorts(spec: Json): void {
  for (const port of portsOf(spec)) {
    setDefault(port, "protocol", "TCP");
    if (port["targetPort"] === undefined || port["targetPort"] === 0 || port["targetPort"] === "") {
      port["targetPort"] = isHeadless(spec) && port["port"] === undefined ? 0 : port["port"];
    }
    if (port["nodePort"] === 0) delete port["nodePort"];
    if (port["name"] === "") delete port["name"];
  }
}

/** Defaults of core/v1 Service, which count as written by the client. */
export function defaultService(object: ApiObject, old: ApiObject | undefined): void {
  const spec = specOf(object);
  dropEmpty(spec, OPTIONAL);
  setDefault(spec, "type", "ClusterIP");
  setDefault(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] === "None" && spec["sessionAffinityConfig"] === null)
    delete spec["sessionAffinityConfig"];
  if (
    spec["sessionAffinity"] === "ClientIP" &&
    at(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds") === undefined
  ) {
    spec["sessionAffinityConfig"] = { clientIP: { timeoutSeconds: 10_800 } };
  }
  defaultPorts(spec);
  if (spec["type"] === "LoadBalancer") setDefault(spec, "allocateLoadBalancerNodePorts", true);
  if (old !== undefined) {
    const before = specOf(old);
    clearForType(spec, before);
    keepAllocations(spec, before);
  }
  if (spec["sessionAffinity"] === "None" && old !== undefined && specOf(old)["sessionAffinity"] === "ClientIP") {
    delete spec["sessionAffinityConfig"];
  }
  if (isExternal(spec)) setDefault(spec, "externalTrafficPolicy", "Cluster");
  if (needsClusterIp(spec)) setDefault(spec, "internalTrafficPolicy", "Cluster");
}

/** Addresses in status are virtual unless somebody says otherwise. */
export function defaultServiceStatus(object: ApiObject): void {
  const status = object["status"];
  if (typeof status !== "object" || status === null) {
    object["status"] = { loadBalancer: {} };
    return;
  }
  (status as Json)["loadBalancer"] ??= {};
  for (const ingress of records(at(status, "loadBalancer", "ingress"))) {
    if (ingress["ip"] !== undefined) ingress["ipMode"] ??= "VIP";
  }
}
