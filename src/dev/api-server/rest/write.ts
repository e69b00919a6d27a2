import { STALE, alreadyExists, conflict } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { ApiObject } from "../objects.ts";
import type { Definition } from "../registry.ts";
import type { Admit, Change } from "./change.ts";
import type { Target } from "./decode.ts";
import { servedForm, storedForm } from "./forms.ts";
import { store } from "./store.ts";

/** Works out a change against the present state of its object, in the served form. Throws a StatusError. */
export type Plan = (current: ApiObject | undefined) => Change;

export interface Written {
  readonly object: ApiObject;
  readonly created: boolean;
}

/** How often a write starts over because others were faster: each of them got something done meanwhile. */
const ATTEMPTS = 100;

/**
 * Plans a write, has it admitted and stores it, unless its basis changed while a webhook was asked: then all over again.
 * A target without a name is a new object. Returns the served form. Rejects with a StatusError.
 */
export async function write(
  kernel: Kernel,
  definition: Definition,
  target: Target,
  plan: Plan,
  admit: Admit,
): Promise<Written> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const basis = kernel.storage.get(definition.table, target.namespace, target.name);
    const current = basis === undefined ? undefined : await servedForm(definition, basis);
    const stored = await attemptOf(kernel, definition, { target, plan, admit, basis, current });
    if (stored !== undefined) return { object: await servedForm(definition, stored), created: basis === undefined };
  }
  throw conflict(definition.served, target.name, STALE);
}

interface Attempt {
  readonly target: Target;
  readonly plan: Plan;
  readonly admit: Admit;
  /** What is stored under the target's name. */
  readonly basis: ApiObject | undefined;
  /** The served form of it. */
  readonly current: ApiObject | undefined;
}

/** Resolves to what was stored, or to undefined when somebody else was faster. */
async function attemptOf(
  kernel: Kernel,
  definition: Definition,
  { target, plan, admit, basis, current }: Attempt,
): Promise<ApiObject | undefined> {
  const { storage } = kernel;
  const { table, served, strategy } = definition;
  const change = plan(current);
  // Nothing is waited for without need: what others do in the meantime may make this plan void.
  const asked = admit(change);
  if (asked !== undefined) await asked;
  const converted = storedForm(definition, change.object!);
  const next = converted instanceof Promise ? await converted : converted;
  const present = storage.get(table, next.metadata.namespace ?? "", next.metadata.name);
  if (target.name === "" && present !== undefined) throw alreadyExists(served, next.metadata.name);
  if (present !== basis || strategy.collides(next, basis)) return undefined;
  return store(kernel, table, next, basis, change.dryRun);
}

/** The same for the server's own controllers: at once, without asking anybody. Only for kinds that no webhook converts. */
export function writeNow(kernel: Kernel, definition: Definition, target: Target, plan: Plan): void {
  const { conversion, table, served } = definition;
  if (conversion.by !== "server") throw new TypeError(`${served.plural} are converted by a webhook`);
  const basis = kernel.storage.get(table, target.namespace, target.name);
  const change = plan(basis === undefined ? undefined : conversion.toServed(basis));
  store(kernel, table, conversion.toStored(change.object!), basis, change.dryRun);
}
