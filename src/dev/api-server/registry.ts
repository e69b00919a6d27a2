import type { ApiObject } from "./objects.ts";
import type { ServedResource } from "./resources.ts";
import { apiVersionOf, qualifiedName } from "./resources.ts";
import type { Strategy } from "./strategy.ts";

/** A served resource with what the handlers need to work on it. */
export interface Definition {
  readonly served: ServedResource;
  /** Which table of the storage holds its objects. Two versions, or two groups for events, may share one. */
  readonly table: string;
  readonly strategy: Strategy;
  readonly conversion: Conversion;
}

/** How the stored form of an object becomes the form of a group and version, and back. */
export type Conversion =
  | {
      readonly by: "server";
      /** The argument is not changed. */
      toServed(stored: ApiObject): ApiObject;
      /** The reverse. May change its argument. */
      toStored(served: ApiObject): ApiObject;
    }
  | {
      readonly by: "webhook";
      /** The group and version in which objects are stored. */
      readonly storedVersion: string;
      /** All objects in the form of `apiVersion`, in their order. Rejects with a StatusError. */
      convert(objects: readonly ApiObject[], apiVersion: string): Promise<readonly ApiObject[]>;
    };

/** A definition whose stored form differs from the served one in nothing but the version's name. */
export function plainDefinition(
  served: ServedResource,
  strategy: Strategy,
  storedVersion = served.version,
): Definition {
  const apiVersion = apiVersionOf(served);
  const stored = apiVersionOf({ group: served.group, version: storedVersion });
  return {
    served,
    table: qualifiedName(served),
    strategy,
    conversion: {
      by: "server",
      toServed: (object) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion }),
      toStored: (object) => (object.apiVersion === stored ? object : { ...object, apiVersion: stored }),
    },
  };
}

/** What is served at the moment. CustomResourceDefinitions come and go. */
export class Registry {
  readonly #definitions = new Map<string, Definition>();
  #groups: ReadonlyMap<string, readonly string[]> | undefined;
  /** Changes with every change of what is served: for ETags and caches. */
  generation = 0;

  add(definition: Definition): void {
    const { group, version, plural } = definition.served;
    this.#definitions.set(`${group}/${version}/${plural}`, definition);
    this.#changed();
  }

  /** Stops serving all versions of a resource. */
  remove(group: string, plural: string): void {
    for (const [key, { served }] of this.#definitions) {
      if (served.group === group && served.plural === plural) this.#definitions.delete(key);
    }
    this.#changed();
  }

  #changed(): void {
    this.generation++;
    this.#groups = undefined;
  }

  find(group: string, version: string, plural: string): Definition | undefined {
    return this.#definitions.get(`${group}/${version}/${plural}`);
  }

  /** Any version of what a table holds. */
  byTable(table: string): Definition | undefined {
    return this.all().find((definition) => definition.table === table);
  }

  byKind(apiVersion: string, kind: string): Definition | undefined {
    return this.all().find(({ served }) => served.kind === kind && apiVersionOf(served) === apiVersion);
  }

  /** Everything served, core first, then by group; newest version of a group first as given. */
  all(): Definition[] {
    return [...this.#definitions.values()];
  }

  /** Versions by group, the preferred one first. */
  groups(): ReadonlyMap<string, readonly string[]> {
    return (this.#groups ??= this.#sortedGroups());
  }

  #sortedGroups(): ReadonlyMap<string, readonly string[]> {
    const groups = new Map<string, string[]>();
    for (const { served } of this.#definitions.values()) {
      const versions = groups.get(served.group) ?? [];
      if (!versions.includes(served.version)) versions.push(served.version);
      groups.set(served.group, versions);
    }
    for (const versions of groups.values()) versions.sort(byVersionPriority);
    return groups;
  }
}

const STAGES = ["alpha", "beta", undefined];

/** Stable versions before beta before alpha, and higher numbers first: v2, v1, v2beta1, v1beta2, v1alpha1. */
export function byVersionPriority(a: string, b: string): number {
  const parts = (version: string): number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    return match === null ? [-1] : [STAGES.indexOf(match[2]), Number(match[1]), Number(match[3] ?? 0)];
  };
  const [left, right] = [parts(a), parts(b)];
  const i = left.findIndex((part, index) => part !== right[index]);
  return i === -1 ? 0 : (right[i] ?? 0) - left[i]!;
}
