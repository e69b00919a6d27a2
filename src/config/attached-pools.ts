import type { KubeObject } from "../ports/kube.ts";
import { labelsOf, nameOf } from "./resource.ts";
import type { LabelSelector } from "./selector.ts";
import { anySelectorMatches } from "./selector.ts";

/**
 * Names of the pools that an advertisement is for, in name order. `pools` are the IPAddressPool objects. Without names
 * and selectors every pool; else the union of both. A selector that matches nothing adds nothing, and a name of a pool
 * that doesn't exist is ignored: the pool may come later.
 */
export function attachedPools(
  named: readonly string[],
  selectors: readonly LabelSelector[],
  pools: readonly KubeObject[],
): readonly string[] {
  const every = named.length === 0 && selectors.length === 0;
  const names = new Set(named);
  return pools
    .filter((pool) => every || names.has(nameOf(pool)) || anySelectorMatches(selectors, labelsOf(pool)))
    .map(nameOf)
    .sort();
}
