import { Allocator } from "../../src/allocator/allocator.ts";
import { chooseAddresses } from "../../src/allocator/choose.ts";
import type { Holder, IpFamilyPolicy, ServiceRequest } from "../../src/allocator/request.ts";
import { newHolder } from "../../src/allocator/request.ts";
import { parsePools } from "../../src/config/parse-pools.ts";
import { formatAddress, parseAddress } from "../../src/ip/address.ts";
import type { Family } from "../../src/ip/family.ts";

/** What a test says about a request; the rest is a Service with port TCP/80 and no wish. */
export interface Ask {
  readonly families?: readonly Family[];
  readonly policy?: IpFamilyPolicy;
  readonly key?: string;
  readonly backend?: string;
  readonly ports?: readonly string[];
  readonly ips?: readonly string[];
  readonly pool?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export type PoolSpecs = Readonly<
  Record<string, { readonly addresses: readonly string[]; readonly [field: string]: unknown }>
>;

/** The allocator alone, with pools as users write them. */
export class AllocatorLab {
  readonly allocator = new Allocator();
  readonly #holders = new Map<string, Holder>();

  constructor(pools: PoolSpecs) {
    this.setPools(pools);
  }

  /** Returns the Services that the change concerns. */
  setPools(specs: PoolSpecs): readonly string[] {
    const resources = Object.entries(specs).map(([name, spec]) => ({ metadata: { name }, spec }));
    const { pools, issues } = parsePools(resources, []);
    if (issues.length > 0) throw new Error(JSON.stringify(issues));
    return [...this.allocator.setPools(pools)].sort();
  }

  /** Gives the Service what it asks for, or says why not: then it keeps what it has. */
  ask(id: string, ask: Ask): readonly string[] | string {
    const request = toRequest(id, ask);
    const holder = this.#holder(id);
    const chosen = chooseAddresses(this.allocator, request, holder.addresses);
    if (!chosen.ok) return chosen.error.code;
    this.allocator.assign(holder, request.terms, chosen.value.addresses);
    return this.ips(id);
  }

  release(id: string): readonly string[] {
    this.allocator.release(this.#holder(id));
    return this.ips(id);
  }

  ips(id: string): readonly string[] {
    return this.#holder(id).addresses.map(formatAddress);
  }

  pool(id: string): string | undefined {
    const [address] = this.#holder(id).addresses;
    return address === undefined ? undefined : this.allocator.poolOf(address)?.name;
  }

  /** IPv4 in use, IPv6 in use. */
  used(pool: string): readonly number[] {
    const count = this.allocator.count(pool)!;
    return [count.IPv4.inUse, count.IPv6.inUse];
  }

  /** IPv4 and IPv6 addresses of the pool. */
  sizes(pool: string): readonly bigint[] {
    const count = this.allocator.count(pool)!;
    return [count.IPv4.total, count.IPv6.total];
  }

  #holder(id: string): Holder {
    let holder = this.#holders.get(id);
    if (holder === undefined) this.#holders.set(id, (holder = newHolder(id)));
    return holder;
  }
}

function toRequest(id: string, ask: Ask): ServiceRequest {
  const { families = ["IPv4"], key = "", backend = "", ports = ["TCP/80"], ips = [] } = ask;
  return {
    id,
    namespace: ask.namespace ?? "default",
    labels: ask.labels ?? {},
    families,
    policy: ask.policy ?? (families.length > 1 ? "RequireDualStack" : "SingleStack"),
    terms: { sharingKey: key, backendKey: backend, ports },
    addresses: ips.map((ip) => parseAddress(ip)!),
    pool: ask.pool,
  };
}
