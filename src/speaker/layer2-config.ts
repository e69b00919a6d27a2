import { formatIssue } from "../config/issues.ts";
import type { ConfigIssue } from "../config/issues.ts";
import { parseL2Advertisements } from "../config/parse-l2-advertisements.ts";
import { parsePools } from "../config/parse-pools.ts";
import type { ServiceView } from "../config/service.ts";
import { parseAddress } from "../ip/address.ts";
import type { KubeObject, ObjectKey } from "../ports/kube.ts";
import type { Layer2Config } from "./announce-state.ts";
import { PoolIndex } from "./pool-index.ts";

export type ConfigOutcome =
  | { readonly is: "unchanged" }
  | { readonly is: "accepted"; readonly config: Layer2Config }
  /** The last good configuration stays in force; `errors` has one line for each thing that is wrong. */
  | { readonly is: "refused"; readonly errors: readonly string[] };

/** The configuration objects, and whether what they say can be used. */
export class Layer2ConfigSource {
  readonly #pools = new Map<ObjectKey, KubeObject>();
  readonly #advertisements = new Map<ObjectKey, KubeObject>();
  #changed = true;
  /** Parsed well, but announced addresses are outside of it for now. */
  #waiting: Layer2Config | undefined;

  setPool(key: ObjectKey, pool: KubeObject): void {
    this.#set(this.#pools, key, pool);
  }

  deletePool(key: ObjectKey): void {
    if (this.#pools.delete(key)) this.#changed = true;
  }

  setAdvertisement(key: ObjectKey, advertisement: KubeObject): void {
    this.#set(this.#advertisements, key, advertisement);
  }

  deleteAdvertisement(key: ObjectKey): void {
    if (this.#advertisements.delete(key)) this.#changed = true;
  }

  /**
   * What to do about the configuration. `announced` are the Services this node announces: a configuration that leaves
   * any of their addresses without a pool waits until the controller has moved them. Until then each call looks again.
   */
  next(announced: () => readonly ServiceView[]): ConfigOutcome {
    if (this.#changed) {
      this.#changed = false;
      this.#waiting = undefined;
      const { config, issues } = this.#parse();
      if (issues.length > 0) return { is: "refused", errors: issues.map(formatIssue) };
      this.#waiting = config;
      return this.#outcome(config, announced());
    }
    return this.#waiting === undefined ? { is: "unchanged" } : this.#outcome(this.#waiting, announced());
  }

  #parse(): { config: Layer2Config; issues: readonly ConfigIssue[] } {
    const pools = [...this.#pools.values()];
    const parsedPools = parsePools(pools, []);
    const parsed = parseL2Advertisements([...this.#advertisements.values()], pools);
    return {
      config: { pools: parsedPools.pools, advertisements: parsed.advertisements },
      issues: [...parsedPools.issues, ...parsed.issues],
    };
  }

  #outcome(config: Layer2Config, announced: readonly ServiceView[]): ConfigOutcome {
    const index = new PoolIndex(config.pools);
    const stranded = announced.filter((service) => isStranded(service, index));
    if (stranded.length > 0) return { is: "refused", errors: stranded.map(strandedError) };
    this.#waiting = undefined;
    return { is: "accepted", config };
  }

  #set(objects: Map<ObjectKey, KubeObject>, key: ObjectKey, object: KubeObject): void {
    const old = objects.get(key);
    objects.set(key, object);
    if (old === undefined || !sameConfig(old, object)) this.#changed = true;
  }
}

function isStranded(service: ServiceView, index: PoolIndex): boolean {
  const addresses = service.ingress.map(({ ip }) => parseAddress(ip)).filter((address) => address !== undefined);
  return addresses.length > 0 && index.poolOf(addresses) === undefined;
}

function strandedError({ namespace, name, ingress }: ServiceView): string {
  const addresses = ingress.map(({ ip }) => ip).join(", ");
  return `Service ${namespace}/${name}: announced with ${addresses}, which no single pool would contain any more`;
}

function sameConfig(a: KubeObject, b: KubeObject): boolean {
  return JSON.stringify([a.metadata.labels, a["spec"]]) === JSON.stringify([b.metadata.labels, b["spec"]]);
}
