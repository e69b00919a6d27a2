import { parseAddress } from "../../../../ip/address.ts";
import { parsePrefix } from "../../../../ip/prefix.ts";
import { duplicateValue, forbiddenValue, invalidValue, requiredValue, unsupportedValue } from "../../field-errors.ts";
import { dnsSubdomain, qualifiedKey } from "../../names.ts";
import type { ApiObject, Json } from "../../objects.ts";
import { at, equalJson, records, strings, text } from "../../objects.ts";
import type { FieldError } from "../../status.ts";
import { isExternal, isHeadless, needsClusterIp, needsHealthCheckPort, specOf } from "./fields.ts";
import { validatePorts } from "./validate-ports.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const POLICIES = ["Cluster", "Local"];
const MAX_AFFINITY_S = 86_400;
const BAD_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const BAD_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

function oneOf(spec: Json, field: string, supported: readonly string[]): FieldError[] {
  const value = spec[field];
  return supported.some((known) => known === value) ? [] : [unsupportedValue(`spec.${field}`, value, supported)];
}

function validateAffinity(spec: Json): FieldError[] {
  const config = spec["sessionAffinityConfig"];
  if (spec["sessionAffinity"] !== "ClientIP") {
    const forbidden = config !== undefined && spec["sessionAffinity"] === "None";
    return [
      ...oneOf(spec, "sessionAffinity", ["ClientIP", "None"]),
      ...(forbidden
        ? [forbiddenValue("spec.sessionAffinityConfig", "must not be set when session affinity is None")]
        : []),
    ];
  }
  const timeout = at(config, "clientIP", "timeoutSeconds");
  if (typeof timeout === "number" && timeout > 0 && timeout <= MAX_AFFINITY_S) return [];
  const why = `must be greater than 0 and less than ${MAX_AFFINITY_S}`;
  return [invalidValue("spec.sessionAffinityConfig.clientIP.timeoutSeconds", timeout, why)];
}

function validateType(spec: Json): FieldError[] {
  const type = spec["type"];
  const errors = oneOf(spec, "type", TYPES);
  if (isHeadless(spec) && (type === "LoadBalancer" || type === "NodePort")) {
    errors.push(invalidValue("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`));
  }
  if (type !== "ExternalName") return errors;
  if (strings(spec["clusterIPs"]).length > 0 || typeof spec["clusterIP"] === "string") {
    errors.push(forbiddenValue("spec.clusterIPs", "may not be set for ExternalName services"));
  }
  const name = text(spec["externalName"]);
  if (name === "") return [...errors, requiredValue("spec.externalName")];
  return [
    ...errors,
    ...dnsSubdomain(name.replace(/\.$/, "")).map((why) => invalidValue("spec.externalName", name, why)),
  ];
}

function validateTrafficPolicies(spec: Json): FieldError[] {
  const errors: FieldError[] = [];
  const external = spec["externalTrafficPolicy"];
  if (!isExternal(spec)) {
    const why = "may only be set for externally-accessible services";
    if (external !== undefined && external !== "")
      errors.push(invalidValue("spec.externalTrafficPolicy", external, why));
  } else errors.push(...oneOf(spec, "externalTrafficPolicy", POLICIES));
  if (needsClusterIp(spec)) errors.push(...oneOf(spec, "internalTrafficPolicy", POLICIES));
  const port = spec["healthCheckNodePort"];
  if (Number(port) > 0 && !needsHealthCheckPort(spec)) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalidValue("spec.healthCheckNodePort", port, why));
  }
  return errors;
}

function validateLoadBalancer(spec: Json): FieldError[] {
  const errors: FieldError[] = [];
  const balanced = spec["type"] === "LoadBalancer";
  for (const field of ["loadBalancerClass", "allocateLoadBalancerNodePorts"]) {
    if (balanced || spec[field] === undefined) continue;
    errors.push(forbiddenValue(`spec.${field}`, "may only be used when `type` is 'LoadBalancer'"));
  }
  const lbClass = spec["loadBalancerClass"];
  if (balanced && lbClass !== undefined) {
    errors.push(...qualifiedKey(text(lbClass)).map((why) => invalidValue("spec.loadBalancerClass", lbClass, why)));
  }
  const ranges = strings(spec["loadBalancerSourceRanges"]);
  if (ranges.length > 0 && !balanced) {
    errors.push(forbiddenValue("spec.loadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'"));
  }
  for (const [i, range] of ranges.entries()) {
    if (parsePrefix(range.trim()) !== undefined) continue;
    errors.push(invalidValue(`spec.loadBalancerSourceRanges[${i}]`, range, BAD_CIDR));
  }
  return errors;
}

function validateAddresses(spec: Json): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, address] of strings(spec["externalIPs"]).entries()) {
    if (parseAddress(address) === undefined) errors.push(invalidValue(`spec.externalIPs[${i}]`, address, BAD_ADDRESS));
  }
  const clusterIPs = strings(spec["clusterIPs"]);
  for (const [i, address] of clusterIPs.entries()) {
    if (address !== "None" && parseAddress(address) === undefined) {
      errors.push(invalidValue(`spec.clusterIPs[${i}]`, address, BAD_ADDRESS));
    }
  }
  if (clusterIPs.length > 0 && spec["clusterIP"] !== clusterIPs[0]) {
    errors.push(invalidValue("spec.clusterIPs", clusterIPs, "first value must match `clusterIP`"));
  }
  return [...errors, ...validateFamilies(spec)];
}

function validateFamilies(spec: Json): FieldError[] {
  if (!needsClusterIp(spec)) return [];
  const errors: FieldError[] = [];
  const families = strings(spec["ipFamilies"]);
  const seen = new Set<string>();
  for (const [i, family] of families.entries()) {
    if (family !== "IPv4" && family !== "IPv6") {
      errors.push(unsupportedValue(`spec.ipFamilies[${i}]`, family, ["IPv4", "IPv6"]));
    }
    if (seen.has(family)) errors.push(duplicateValue(`spec.ipFamilies[${i}]`, family));
    seen.add(family);
  }
  const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
  errors.push(...oneOf(spec, "ipFamilyPolicy", policies));
  if (families.length > 1 && spec["ipFamilyPolicy"] === "SingleStack") {
    const why = "must be RequireDualStack or PreferDualStack when multiple `ipFamilies` are specified";
    errors.push(invalidValue("spec.ipFamilyPolicy", "SingleStack", why));
  }
  return errors;
}

function validateStatus(object: ApiObject): FieldError[] {
  const path = "status.loadBalancer.ingress";
  return records(at(object["status"], "loadBalancer", "ingress")).flatMap((ingress, i) => {
    const ip = text(ingress["ip"]);
    const host = text(ingress["hostname"]);
    const errors: FieldError[] = [];
    if (ip !== "" && parseAddress(ip) === undefined) errors.push(invalidValue(`${path}[${i}].ip`, ip, BAD_ADDRESS));
    if (host !== "") errors.push(...dnsSubdomain(host).map((why) => invalidValue(`${path}[${i}].hostname`, host, why)));
    return errors;
  });
}

function validateChange(spec: Json, old: Json): FieldError[] {
  return [
    ...validateAddressChange(spec, old),
    ...validateClassChange(spec, old),
    ...validateHealthPortChange(spec, old),
  ];
}

function validateAddressChange(spec: Json, old: Json): FieldError[] {
  const before = strings(old["clusterIPs"]);
  const after = strings(spec["clusterIPs"]);
  const stays = needsClusterIp(old) && needsClusterIp(spec) && before.length > 0;
  return stays && before[0] !== after[0] ? [invalidValue("spec.clusterIPs[0]", after, "may not change once set")] : [];
}

function validateClassChange(spec: Json, old: Json): FieldError[] {
  const stays = old["type"] === "LoadBalancer" && spec["type"] === "LoadBalancer";
  const now = spec["loadBalancerClass"];
  if (!stays || equalJson(old["loadBalancerClass"], now)) return [];
  return [invalidValue("spec.loadBalancerClass", now ?? null, "may not change once set")];
}

function validateHealthPortChange(spec: Json, old: Json): FieldError[] {
  const stays = needsHealthCheckPort(old) && needsHealthCheckPort(spec);
  const now = spec["healthCheckNodePort"];
  if (!stays || old["healthCheckNodePort"] === now) return [];
  return [invalidValue("spec.healthCheckNodePort", now ?? 0, "field is immutable")];
}

/** Rules of a real API server for core/v1 Services. */
export function validateService(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const spec = specOf(object);
  return [
    ...validatePorts(spec),
    ...validateType(spec),
    ...validateAffinity(spec),
    ...validateAddresses(spec),
    ...validateTrafficPolicies(spec),
    ...validateLoadBalancer(spec),
    ...validateStatus(object),
    ...(old === undefined ? [] : validateChange(spec, specOf(old))),
  ];
}
