import type { ObjectKey } from "../../ports/kube.ts";

export type Protocol = "TCP" | "UDP";

/** What the stand-in for kube-proxy keeps of a Service. */
export interface ProxiedService {
  /** Load-balancer addresses, as the controller wrote them into the status. */
  readonly addresses: readonly string[];
  readonly ports: readonly NamedPort[];
  /** `externalTrafficPolicy: Local`: only endpoints on this node get traffic. */
  readonly localOnly: boolean;
  /** `sessionAffinity: ClientIP`: how long a client keeps its endpoint, in seconds; 0 is no affinity. */
  readonly affinity: number;
}

/** A port of a Service or of an EndpointSlice; they correspond by name. */
export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** What is kept of an EndpointSlice: the ready endpoints. */
export interface ProxiedSlice {
  readonly service: ObjectKey;
  readonly ports: readonly NamedPort[];
  readonly endpoints: readonly { readonly address: string; readonly node: string }[];
}

export interface Backend {
  readonly address: string;
  readonly port: number;
}

/** A listening socket on a service address. */
export interface Frontend {
  /** `TCP 192.168.1.200:80`; unique, because sharing Services differ in protocol or port. */
  readonly id: string;
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly affinity: number;
  /** In order of address: of endpoints of the other family there are none. */
  readonly backends: readonly Backend[];
}

export interface ProxyPlan {
  /** What the node's `lo` must have. */
  readonly addresses: ReadonlySet<string>;
  readonly frontends: ReadonlyMap<string, Frontend>;
}

/** What a node's kube-proxy must do for these Services and EndpointSlices. */
export function proxyPlan(
  services: ReadonlyMap<ObjectKey, ProxiedService>,
  slices: Iterable<ProxiedSlice>,
  node: string,
): ProxyPlan {
  const slicesOf = Map.groupBy(slices, (slice) => slice.service);
  const frontends = [...services].flatMap(([key, service]) => frontendsOf(service, slicesOf.get(key) ?? [], node));
  return {
    addresses: new Set([...services.values()].flatMap((service) => service.addresses)),
    frontends: new Map(frontends.map((frontend) => [frontend.id, frontend])),
  };
}

function frontendsOf(service: ProxiedService, slices: readonly ProxiedSlice[], node: string): Frontend[] {
  return service.addresses.flatMap((address) =>
    service.ports.map(({ name, protocol, port }) => ({
      id: `${protocol} ${socketName(address, port)}`,
      protocol,
      address,
      port,
      affinity: service.affinity,
      backends: slices
        .flatMap((slice) => backendsOf(slice, { name, protocol }, service.localOnly ? node : undefined))
        .filter((backend) => isIpv6(backend.address) === isIpv6(address))
        .sort((a, b) => (a.address < b.address ? -1 : 1)),
    })),
  );
}

function backendsOf(
  slice: ProxiedSlice,
  wanted: { readonly name: string; readonly protocol: Protocol },
  onlyNode: string | undefined,
): Backend[] {
  const target = slice.ports.find(({ name, protocol }) => name === wanted.name && protocol === wanted.protocol);
  if (target === undefined) return [];
  return slice.endpoints
    .filter(({ node }) => onlyNode === undefined || node === onlyNode)
    .map(({ address }) => ({ address, port: target.port }));
}

export function isIpv6(address: string): boolean {
  return address.includes(":");
}

/** `address:port` with the brackets of RFC 3986 around IPv6. */
export function socketName(address: string, port: number): string {
  return isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
