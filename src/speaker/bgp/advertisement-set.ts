import { localPrefsConflict } from "../../config/local-pref-conflict.ts";
import type { BgpAdvertisement } from "../../config/model.ts";
import type { Family } from "../../ip/family.ts";

/** Two advertisements that can't both be followed, by name. */
export type Conflict = readonly [string, string];

/** Advertisements that apply to something together. There is one object for each combination. */
export class AdvertisementSet {
  /** Unlike that of every other set of the same configuration. */
  readonly id: number;
  readonly advertisements: readonly BgpAdvertisement[];
  readonly #conflicts = new Map<string, Conflict | undefined>();

  constructor(id: number, advertisements: readonly BgpAdvertisement[]) {
    this.id = id;
    this.advertisements = advertisements;
  }

  /** Undefined: addresses of these families get the same preference by all of them. */
  conflict(families: ReadonlySet<Family>): Conflict | undefined {
    const key = [...families].sort().join();
    if (!this.#conflicts.has(key)) this.#conflicts.set(key, this.#findConflict(families));
    return this.#conflicts.get(key);
  }

  #findConflict(families: ReadonlySet<Family>): Conflict | undefined {
    for (const [i, a] of this.advertisements.entries()) {
      const b = this.advertisements.slice(i + 1).find((other) => localPrefsConflict(a, other, families));
      if (b !== undefined) return [a.name, b.name];
    }
    return undefined;
  }
}

/** The sets of one configuration. */
export class AdvertisementSets {
  readonly #indexes: ReadonlyMap<BgpAdvertisement, number>;
  readonly #sets = new Map<string, AdvertisementSet>();

  constructor(all: readonly BgpAdvertisement[]) {
    this.#indexes = new Map(all.map((advertisement, i) => [advertisement, i]));
  }

  /** `advertisements` are in the order of the configuration. */
  of(advertisements: readonly BgpAdvertisement[]): AdvertisementSet {
    const key = advertisements.map((advertisement) => this.#indexes.get(advertisement)).join();
    const set = this.#sets.get(key) ?? new AdvertisementSet(this.#sets.size, advertisements);
    this.#sets.set(key, set);
    return set;
  }
}
