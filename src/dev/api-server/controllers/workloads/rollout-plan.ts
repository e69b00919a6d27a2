/** A ReplicaSet of a Deployment, as far as a rollout looks at it. */
export interface ReplicaSetState {
  readonly name: string;
  /** Whether it has the Deployment's present template. */
  readonly current: boolean;
  readonly wanted: number;
  /** Pods that are there, with those on their way out. */
  readonly pods: number;
  readonly available: number;
}

export interface Rollout {
  readonly replicas: number;
  readonly type: "RollingUpdate" | "Recreate";
  /** Numbers, or shares of `replicas` as `25%`. */
  readonly maxSurge: number | string;
  readonly maxUnavailable: number | string;
}

/** How many Pods each ReplicaSet should have next. The present one must be among them. */
export function planRollout(rollout: Rollout, sets: readonly ReplicaSetState[]): ReadonlyMap<string, number> {
  return rollout.type === "Recreate" ? recreate(rollout, sets) : roll(rollout, sets);
}

/** First none of the old, then all of the new. */
function recreate({ replicas }: Rollout, sets: readonly ReplicaSetState[]): ReadonlyMap<string, number> {
  const left = sets.some(({ current, pods }) => !current && pods > 0);
  return new Map(sets.map(({ name, current }) => [name, current && !left ? replicas : 0]));
}

/** Never more than `maxSurge` above, never fewer available than `maxUnavailable` below what is wanted. */
function roll(rollout: Rollout, sets: readonly ReplicaSetState[]): ReadonlyMap<string, number> {
  const { replicas } = rollout;
  const { surge, unavailable } = bounds(rollout);
  const total = sum(sets, ({ wanted }) => wanted);
  const present = sets.find(({ current }) => current)!;
  const room = Math.max(0, replicas + surge - total);
  const next = Math.min(replicas, present.wanted + room);
  const plan = new Map([[present.name, next]]);
  const old = sets.filter(({ current }) => !current);
  const notYet = Math.max(0, present.wanted - present.available);
  let removable = Math.max(0, total - (replicas - unavailable) - notYet);
  const usable = sum(sets, ({ available }) => available);
  let dispensable = Math.max(0, usable - (replicas - unavailable));
  for (const { name, wanted, available } of old) {
    const broken = Math.min(removable, Math.max(0, wanted - available));
    const working = Math.min(removable - broken, dispensable, wanted - broken);
    removable -= broken + working;
    dispensable -= working;
    plan.set(name, wanted - broken - working);
  }
  return plan;
}

/** Shares are rounded up for what is too much, and down for what is too little; one of the two lets the rollout move. */
function bounds({ replicas, maxSurge, maxUnavailable }: Rollout): {
  readonly surge: number;
  readonly unavailable: number;
} {
  const surge = Math.ceil(count(maxSurge, replicas));
  const unavailable = Math.floor(count(maxUnavailable, replicas));
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** A number, or a share of `whole`. */
export function count(value: number | string, whole: number): number {
  const share = /^(\d{1,3})%$/.exec(String(value))?.[1];
  return share === undefined ? Number(value) || 0 : (Number(share) * whole) / 100;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
