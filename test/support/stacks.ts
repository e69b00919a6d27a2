import type { ServiceSpec } from "./controller-lab.ts";

/** One way of using the two families, so that a table is written once and holds for all of them. */
export interface Stack {
  readonly name: string;
  readonly families: readonly ("IPv4" | "IPv6")[];
  /** A Service of these families with no wish but that. */
  readonly service: ServiceSpec;
  /** The `n`th address (1–9) of a block, one per family, as the Service shows them. */
  ips(block: number, n: number): readonly string[];
  /** Entries for a pool that has addresses `from` to `to` of the block in each family. */
  ranges(block: number, from: number, to: number): readonly string[];
}

const PREFIX = {
  IPv4: (block: number) => `10.${block}.0.`,
  IPv6: (block: number) => `fd00:${block + 1}::`,
} as const;

function stack(name: string, families: Stack["families"]): Stack {
  const address = (family: "IPv4" | "IPv6", block: number, n: number) => `${PREFIX[family](block)}${n}`;
  return {
    name,
    families,
    service: { families, policy: families.length > 1 ? "RequireDualStack" : "SingleStack" },
    ips: (block, n) => families.map((family) => address(family, block, n)),
    ranges: (block, from, to) =>
      families.map((family) => `${address(family, block, from)}-${address(family, block, to)}`),
  };
}

export const V4 = stack("IPv4", ["IPv4"]);
export const V6 = stack("IPv6", ["IPv6"]);
export const DUAL = stack("dual", ["IPv4", "IPv6"]);

/** The single families and both orders of the two. */
export const STACKS: readonly Stack[] = [V4, V6, DUAL, stack("dual, IPv6 first", ["IPv6", "IPv4"])];

/** `["10.0.0.1" "fd00::1"]`, as events print addresses. */
export function quoted(ips: readonly string[]): string {
  return `[${ips.map((ip) => `"${ip}"`).join(" ")}]`;
}
