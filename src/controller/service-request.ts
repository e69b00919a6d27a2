import type { Refusal } from "../allocator/refusal.ts";
import type { IpFamilyPolicy, ServiceRequest, Terms } from "../allocator/request.ts";
import type { ServiceView } from "../config/service.ts";
import { REQUEST_ANNOTATIONS, requestOf } from "../config/service.ts";
import type { IpAddress } from "../ip/address.ts";
import { familyOf, parseAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import type { Result } from "../lib/result.ts";
import { err, ok } from "../lib/result.ts";
import { keyOfService } from "./service-key.ts";

/** What a Service asks for, as far as it can be read: its terms always, the rest unless it makes no sense. */
export interface Asked {
  readonly terms: Terms;
  readonly request: Result<ServiceRequest, Refusal>;
}

/** Longer than any two addresses. */
const LONGEST_ADDRESSES = 200;

export function askedBy(service: ServiceView): Asked {
  const terms = termsOf(service);
  const families = familiesOf(service);
  if (families.length === 0) return { terms, request: err({ code: "cluster-ip-missing" }) };
  const addresses = requestedAddresses(service);
  if (!addresses.ok) return { terms, request: addresses };
  const request: ServiceRequest = {
    id: keyOfService(service),
    namespace: service.namespace,
    labels: service.labels,
    families,
    policy: policyOf(service.ipFamilyPolicy),
    terms,
    addresses: addresses.value,
    pool: requestOf(service, "pool") || undefined,
  };
  return { terms, request: ok(request) };
}

/** Addresses that the status shows; entries without a readable IP are left out. */
export function shownAddresses(service: ServiceView): readonly IpAddress[] {
  const addresses = service.ingress.map(({ ip }) => parseAddress(ip));
  return addresses.filter((address) => address !== undefined);
}

function termsOf(service: ServiceView): Terms {
  const ports = service.ports.map(({ protocol, port }) => `${protocol}/${port}`);
  return { sharingKey: requestOf(service, "sharingKey") ?? "", backendKey: backendKeyOf(service), ports };
}

/** Labels may not contain `=` or `,`, so this text stands for exactly one selector. */
function backendKeyOf({ externalTrafficPolicy, selector }: ServiceView): string {
  if (externalTrafficPolicy !== "Local") return "";
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");
}

/** Families of the cluster IPs, in the order of `spec.ipFamilies`. */
function familiesOf(service: ServiceView): readonly Family[] {
  const addresses = service.clusterIPs.map(parseAddress).filter((address) => address !== undefined);
  const present = new Set(addresses.map(familyOf));
  const listed = service.ipFamilies.filter((family) => present.has(family));
  return [...new Set([...listed, ...present])];
}

function policyOf(text: string): IpFamilyPolicy {
  return text === "PreferDualStack" || text === "RequireDualStack" ? text : "SingleStack";
}

function requestedAddresses(service: ServiceView): Result<readonly IpAddress[], Refusal> {
  const { key, deprecated } = REQUEST_ANNOTATIONS.addresses;
  const listed = requestOf(service, "addresses") ?? "";
  const annotation = key in service.annotations ? key : deprecated;
  const { loadBalancerIP } = service;
  if (listed !== "" && loadBalancerIP !== "")
    return err({ code: "request-contradictory", fields: [`annotation ${annotation}`, "spec.loadBalancerIP"] });
  if (listed !== "") return parseList(`annotation ${annotation}`, listed);
  return loadBalancerIP === "" ? ok([]) : parseOne("spec.loadBalancerIP", loadBalancerIP);
}

function parseList(field: string, value: string): Result<readonly IpAddress[], Refusal> {
  const malformed = (problem: string) => err({ code: "request-malformed", field, value, problem } as const);
  if (value.length > LONGEST_ADDRESSES) return malformed("too long");
  const addresses: IpAddress[] = [];
  for (const item of value.split(",")) {
    const address = parseAddress(item.trim());
    if (address === undefined) return malformed(`${JSON.stringify(item.trim())} is not an IP address`);
    addresses.push(address);
  }
  const families = new Set(addresses.map(familyOf));
  if (families.size < addresses.length) return malformed("at most one address per family can be requested");
  return ok(addresses);
}

function parseOne(field: string, value: string): Result<readonly IpAddress[], Refusal> {
  const address = parseAddress(value);
  if (address === undefined) return err({ code: "request-malformed", field, value, problem: "not an IP address" });
  return ok([address]);
}
