import { RBAC_GROUP } from "../authorization/policy.ts";
import type { Kernel } from "../kernel.ts";
import { selects } from "../label-selector.ts";
import { at, equalJson, records } from "../objects.ts";
import type { StorageEvent } from "../storage.ts";

const TABLE = `clusterroles.${RBAC_GROUP}`;

/** Fills in the rules of ClusterRoles with an `aggregationRule`: those of all ClusterRoles that its selectors match. */
export class RoleAggregationController {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  start(): void {
    const { storage } = this.#kernel;
    storage.subscribe(({ table }: StorageEvent) => {
      if (table === TABLE) queueMicrotask(() => this.#aggregate());
    });
    this.#aggregate();
  }

  #aggregate(): void {
    const { storage } = this.#kernel;
    const roles = storage.list(TABLE);
    for (const role of roles) {
      const selectors = records(at(role["aggregationRule"], "clusterRoleSelectors"));
      if (selectors.length === 0) continue;
      const isPart = (labels = {}): boolean => selectors.some((selector) => selects(selector, labels));
      const parts = roles.filter((other) => other !== role && isPart(other.metadata.labels));
      const rules = distinct(parts.flatMap((part) => records(part["rules"])));
      if (!equalJson(rules, role["rules"] ?? [])) storage.put(TABLE, { ...role, rules });
    }
  }
}

function distinct<T>(values: readonly T[]): T[] {
  return values.filter((value, i) => values.findIndex((other) => equalJson(other, value)) === i);
}
