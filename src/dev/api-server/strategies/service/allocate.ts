import type { IpAddress } from "../../../../ip/address.ts";
import { familyOf, formatAddress, parseAddress } from "../../../../ip/address.ts";
import type { Family } from "../../../../ip/family.ts";
import { parsePrefix, prefixRange } from "../../../../ip/prefix.ts";
import { internalError, invalid } from "../../errors.ts";
import { invalidValue } from "../../field-errors.ts";
import type { ApiObject, Json } from "../../objects.ts";
import { strings } from "../../objects.ts";
import type { FieldError } from "../../status.ts";
import { isHeadless, needsClusterIp, needsHealthCheckPort, needsNodePorts, portsOf, specOf } from "./fields.ts";
import type { InUse } from "./in-use.ts";

/** The ranges of kubeadm's defaults. */
const RANGES = {
  IPv4: prefixRange(parsePrefix("10.96.0.0/16")!),
  IPv6: prefixRange(parsePrefix("fd96::/112")!),
} as const;

const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;
/** The lower part of the ranges is left to addresses that people choose. */
const STATIC_SHARE = 256n;

const SERVICE = { group: "", kind: "Service" };

/** Hands out cluster addresses and node ports. */
export class ServiceAllocator {
  readonly #inUse: InUse;
  readonly #nextAddress: Record<Family, bigint> = {
    IPv4: RANGES.IPv4.first + STATIC_SHARE,
    IPv6: RANGES.IPv6.first + STATIC_SHARE,
  };
  #nextPort = FIRST_NODE_PORT;

  constructor(inUse: InUse) {
    this.#inUse = inUse;
  }

  /** Fills in addresses and ports that the Service needs and doesn't name. Throws 422 or 500. */
  allocate(object: ApiObject, old: ApiObject | undefined): void {
    const spec = specOf(object);
    const before = old === undefined ? {} : specOf(old);
    const errors: FieldError[] = [];
    if (needsClusterIp(spec)) this.#allocateAddresses(spec, before, errors);
    if (needsNodePorts(spec)) this.#allocatePorts(spec, before, errors);
    if (needsHealthCheckPort(spec) && !(Number(spec["healthCheckNodePort"]) > 0)) {
      spec["healthCheckNodePort"] = this.#freePort(new Set());
    }
    if (errors.length > 0) throw invalid(SERVICE, object.metadata.name, errors);
  }

  #allocateAddresses(spec: Json, before: Json, errors: FieldError[]): void {
    const wanted = strings(spec["clusterIPs"]);
    if (wanted.length === 0 && typeof spec["clusterIP"] === "string") wanted.push(spec["clusterIP"]);
    if (!strings(spec["ipFamilies"]).every(isFamily)) return;
    const families = chooseFamilies(spec, before, wanted);
    spec["ipFamilies"] = families;
    spec["ipFamilyPolicy"] ??= families.length > 1 ? "RequireDualStack" : "SingleStack";
    if (isHeadless(spec)) {
      spec["clusterIP"] = "None";
      spec["clusterIPs"] = ["None"];
      return;
    }
    const held = new Set(strings(before["clusterIPs"]));
    const addresses = families.map((family, i) => {
      const address = wanted[i];
      if (address === undefined) return this.#freeAddress(family);
      const why = held.has(address) ? undefined : this.#refuse(address, family);
      if (why !== undefined)
        errors.push(invalidValue("spec.clusterIPs", wanted, `failed to allocate IP ${address}: ${why}`));
      return address;
    });
    spec["clusterIP"] = addresses[0];
    spec["clusterIPs"] = addresses;
  }

  #refuse(text: string, family: Family): string | undefined {
    const address = parseAddress(text);
    if (address === undefined) return "invalid IP";
    const range = RANGES[familyOf(address)];
    if (familyOf(address) !== family || address <= range.first || address > range.last) {
      return "the provided network does not match the current range";
    }
    return this.#inUse.hasAddress(text) ? "provided IP is already allocated" : undefined;
  }

  #freeAddress(family: Family): string {
    const { first, last } = RANGES[family];
    const size = last - first;
    for (let tried = 0n; tried < size; tried++) {
      const candidate = this.#nextAddress[family];
      this.#nextAddress[family] = candidate >= last - 1n ? first + 1n : candidate + 1n;
      const text = formatAddress(candidate as IpAddress);
      if (!this.#inUse.hasAddress(text)) return text;
    }
    throw internalError("failed to allocate a serviceIP: range is full");
  }

  #allocatePorts(spec: Json, before: Json, errors: FieldError[]): void {
    const held = new Set(portsOf(before).map((port) => port["nodePort"]));
    const chosen = new Set<number>();
    for (const port of portsOf(spec)) if (Number(port["nodePort"]) > 0) chosen.add(Number(port["nodePort"]));
    const byPort = new Map<unknown, { readonly protocol: unknown; readonly nodePort: number }>();
    for (const [i, port] of portsOf(spec).entries()) {
      const asked = Number(port["nodePort"] ?? 0);
      if (asked > 0) {
        const why = held.has(asked) ? undefined : this.#refusePort(asked);
        if (why !== undefined) errors.push(invalidValue(`spec.ports[${i}].nodePort`, asked, why));
      } else {
        const sibling = byPort.get(port["port"]);
        const shared = sibling !== undefined && sibling.protocol !== port["protocol"];
        port["nodePort"] = shared ? sibling.nodePort : this.#freePort(chosen);
      }
      chosen.add(Number(port["nodePort"]));
      byPort.set(port["port"], { protocol: port["protocol"], nodePort: Number(port["nodePort"]) });
    }
  }

  #refusePort(port: number): string | undefined {
    if (port < FIRST_NODE_PORT || port > LAST_NODE_PORT) {
      return `provided port is not in the valid range. The range of valid ports is ${FIRST_NODE_PORT}-${LAST_NODE_PORT}`;
    }
    return this.#inUse.hasPort(port) ? "provided port is already allocated" : undefined;
  }

  #freePort(chosen: ReadonlySet<number>): number {
    for (let tried = FIRST_NODE_PORT; tried <= LAST_NODE_PORT; tried++) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_NODE_PORT ? FIRST_NODE_PORT : port + 1;
      if (!this.#inUse.hasPort(port) && !chosen.has(port)) return port;
    }
    throw internalError("failed to allocate a nodePort: range is full");
  }
}

function isFamily(text: string): text is Family {
  return text === "IPv4" || text === "IPv6";
}

function otherFamily(family: Family): Family {
  return family === "IPv4" ? "IPv6" : "IPv4";
}

/** The families that a Service names, or has had, or that follow from the addresses it names; IPv4 by default. */
function knownFamilies(spec: Json, before: Json, wanted: readonly string[]): Family[] {
  const named = strings(spec["ipFamilies"]).filter(isFamily);
  if (named.length > 0) return named;
  const addresses = wanted.map(parseAddress).filter((address) => address !== undefined);
  if (addresses.length > 0) return addresses.map(familyOf);
  const [primary = "IPv4"] = strings(before["ipFamilies"]).filter(isFamily);
  return [primary];
}

/** The families that a Service gets, first its primary. */
function chooseFamilies(spec: Json, before: Json, wanted: readonly string[]): Family[] {
  const families = knownFamilies(spec, before, wanted);
  const policy = spec["ipFamilyPolicy"];
  if (isHeadless(spec) && spec["selector"] === undefined && policy === undefined) {
    spec["ipFamilyPolicy"] = "RequireDualStack";
    return families.length === 1 ? [...families, otherFamily(families[0]!)] : families;
  }
  const dual = policy === "PreferDualStack" || policy === "RequireDualStack";
  if (dual && families.length === 1) return [...families, otherFamily(families[0]!)];
  const shrinks = policy === "SingleStack" && strings(before["ipFamilies"]).length > 1;
  return shrinks ? families.slice(0, 1) : families;
}
