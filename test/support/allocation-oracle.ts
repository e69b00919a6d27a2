import type { IpAddress } from "../../src/ip/address.ts";
import { familyOf, formatAddress, parseAddress } from "../../src/ip/address.ts";
import type { AllocationWorld, ModelPool, ModelService } from "./allocation-world.ts";

/**
 * The rules of allocation once more, by brute force over all addresses and pairs of Services and with nothing of the
 * code under test but the parsing of addresses. `before` is who had what before the last step.
 */
export function brokenRules(world: AllocationWorld, before: ReadonlyMap<string, readonly IpAddress[]>): string[] {
  return [...forbiddenPairs(world, before), ...strayAddresses(world), ...wrongCounts(world), ...hopeful(world)];
}

const addressesOf = new WeakMap<ModelPool, readonly IpAddress[]>();

/** Every usable address of a pool, one by one. */
function allAddresses(pool: ModelPool): readonly IpAddress[] {
  let addresses = addressesOf.get(pool);
  if (addresses === undefined) addressesOf.set(pool, (addresses = enumerate(pool)));
  return addresses;
}

function enumerate(pool: ModelPool): readonly IpAddress[] {
  return pool.ranges.flatMap(([firstText, lastText]) => {
    const [first, last] = [parseAddress(firstText)!, parseAddress(lastText)!];
    const addresses = Array.from({ length: Number(last - first) + 1 }, (_, i) => (first + BigInt(i)) as IpAddress);
    return addresses.filter((address) => !pool.avoidBuggyIPs || !/^\d.*\.(0|255)$/.test(formatAddress(address)));
  });
}

/**
 * A port of an address belongs to one Service. Apart from that, Services whose keys or backends differ may be on one
 * address only when both were there before: then one of them has changed, and waits for another address.
 */
function forbiddenPairs(world: AllocationWorld, before: ReadonlyMap<string, readonly IpAddress[]>): string[] {
  const broken: string[] = [];
  const holders = [...world.services].flatMap(([id, service]) =>
    world.addresses(id).map((address) => ({ id, service, address })),
  );
  holders.forEach((a, i) => {
    for (const b of holders.slice(i + 1)) {
      if (a.address !== b.address || a.id === b.id) continue;
      const pair = `${a.id} and ${b.id} on ${formatAddress(a.address)}`;
      if (a.service.ports.some((port) => b.service.ports.includes(port))) broken.push(`${pair}: same port`);
      if (mayShare(a.service, b.service)) continue;
      const bothWereThere = [a, b].every(({ id }) => before.get(id)?.includes(a.address) === true);
      if (!bothWereThere) broken.push(`${pair}: not allowed to share`);
      if (world.plan(a.id)?.refusal === undefined && world.plan(b.id)?.refusal === undefined)
        broken.push(`${pair}: nobody says why they share`);
    }
  });
  return broken;
}

function strayAddresses(world: AllocationWorld): string[] {
  return [...world.objects.keys()].flatMap((id) =>
    world
      .addresses(id)
      .filter((address) => poolWith(world, address) === undefined)
      .map((address) => `${id} has ${formatAddress(address)}, which no pool has`),
  );
}

function wrongCounts(world: AllocationWorld): string[] {
  const used = new Set([...world.objects.keys()].flatMap((id) => [...world.addresses(id)]));
  return [...world.pools].flatMap(([name, pool]) =>
    (["IPv4", "IPv6"] as const).flatMap((family) => {
      const addresses = allAddresses(pool).filter((address) => familyOf(address) === family);
      const inUse = addresses.filter((address) => used.has(address)).length;
      const count = world.allocator.count(name)![family];
      return count.inUse === inUse && count.total === BigInt(addresses.length)
        ? []
        : [`${name} counts ${count.inUse} of ${count.total} ${family}, there are ${inUse} of ${addresses.length}`];
    }),
  );
}

/** Services that have no address although one could be given to them. */
function hopeful(world: AllocationWorld): string[] {
  return [...world.services].flatMap(([id, service]) => {
    if (service.type !== "LoadBalancer" || world.addresses(id).length > 0) return [];
    const found = [...world.pools].find(([name, pool]) => couldServe(world, id, service, name, pool));
    return found === undefined ? [] : [`${id} waits, but ${found[0]} has an address for it`];
  });
}

/** A Service that just got its first address, and one of its own, although there was one to share. */
export function missedSharing(world: AllocationWorld, id: string): string[] {
  const service = world.services.get(id)!;
  const [address] = world.addresses(id);
  if (address === undefined || service.families.length > 1 || service.addresses.length > 0) return [];
  const shared = [...world.services.keys()].some((other) => other !== id && world.addresses(other).includes(address));
  const home = world.pools.get(poolWith(world, address)!)!;
  const better = [...world.pools].find(([name, pool]) => {
    const sameGroup = (pool.namespaces === undefined) === (home.namespaces === undefined);
    if (!sameGroup || !couldServe(world, id, service, name, pool)) return false;
    return allAddresses(pool).some((candidate) => isShareable(world, id, service, candidate));
  });
  return shared || better === undefined ? [] : [`${id} has an address of its own, but could share one of ${better[0]}`];
}

function isShareable(world: AllocationWorld, id: string, service: ModelService, address: IpAddress): boolean {
  const inUse = [...world.services.keys()].some((other) => other !== id && world.addresses(other).includes(address));
  return inUse && familyOf(address) === service.families[0] && isOpen(world, id, service, address);
}

function couldServe(world: AllocationWorld, id: string, service: ModelService, name: string, pool: ModelPool): boolean {
  if (pool.namespaces?.includes(service.namespace) === false) return false;
  if (service.pool !== "" && service.pool !== name) return false;
  if (service.pool === "" && service.addresses.length === 0 && !pool.autoAssign) return false;
  const usable = allAddresses(pool).filter((address) => isOpen(world, id, service, address));
  if (service.addresses.length > 0) return requestIsOpen(service, usable);
  const offers = (family: string) => usable.some((address) => familyOf(address) === family);
  if (service.policy === "RequireDualStack") return service.families.length === 2 && service.families.every(offers);
  if (service.policy === "PreferDualStack") return service.families.some(offers);
  return offers(service.families[0]!);
}

function requestIsOpen(service: ModelService, usable: readonly IpAddress[]): boolean {
  const asked = service.addresses.map((text) => parseAddress(text)!);
  const families = asked.map(familyOf);
  if (service.policy === "RequireDualStack" && (families.length < 2 || service.families.length < 2)) return false;
  if (new Set(families).size < families.length) return false;
  return families.every((family) => service.families.includes(family)) && asked.every((ip) => usable.includes(ip));
}

function isOpen(world: AllocationWorld, id: string, service: ModelService, address: IpAddress): boolean {
  return [...world.services].every(([otherId, other]) => {
    if (otherId === id || !world.addresses(otherId).includes(address)) return true;
    return mayShare(service, other) && !service.ports.some((port) => other.ports.includes(port));
  });
}

function mayShare(a: ModelService, b: ModelService): boolean {
  if (a.key === "" || a.key !== b.key) return false;
  const selector = ({ selector }: ModelService) =>
    JSON.stringify(Object.entries(selector).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  const empty = ({ local, selector }: ModelService) => !local || Object.keys(selector).length === 0;
  return (empty(a) && empty(b)) || (a.local && b.local && selector(a) === selector(b));
}

function poolWith(world: AllocationWorld, address: IpAddress): string | undefined {
  return [...world.pools].find(([, pool]) => allAddresses(pool).includes(address))?.[0];
}
