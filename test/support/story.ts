import { expect } from "vitest";
import type { ControllerOptions } from "../../src/controller/run.ts";
import type { Shown } from "./controller-lab.ts";
import { ControllerLab } from "./controller-lab.ts";

/** What is to be seen of one Service when a step has been taken. */
export interface Wanted {
  readonly ips?: readonly string[];
  readonly pool?: string | undefined;
  readonly condition?: string | undefined;
  /** Beginnings of the events since the step before, in order; not checked when absent. */
  readonly events?: readonly string[];
}

/** Something happens, then the Services show something. Names are those in namespace `default`, or `namespace/name`. */
export interface Step {
  readonly do: (lab: ControllerLab) => void | Promise<unknown>;
  readonly want: Readonly<Record<string, Wanted>>;
}

/** What happens to a controller, from its start. */
export interface Story {
  readonly options?: Partial<ControllerOptions>;
  readonly pools: Readonly<Record<string, { addresses: readonly string[]; [field: string]: unknown }>>;
  readonly steps: readonly Step[];
}

/**
 * Plays a story on a whole controller: pools, start, then step by step. All wants of a step are compared at once, so
 * that a failure shows everything that is different.
 */
export async function expectStory({ options, pools, steps }: Story): Promise<ControllerLab> {
  const lab = new ControllerLab();
  for (const [name, spec] of Object.entries(pools)) lab.pool(name, spec);
  await lab.start(options);
  for (const step of steps) {
    const told = new Map(Object.keys(step.want).map((name) => [name, lab.events(name).length]));
    await step.do(lab);
    await lab.quiet();
    const got = Object.fromEntries(
      Object.entries(step.want).map(([name, want]) => [name, observed(lab, name, want, told.get(name)!)]),
    );
    expect(got).toEqual(Object.fromEntries(Object.entries(step.want).map(([name, want]) => [name, expected(want)])));
  }
  return lab;
}

function observed(lab: ControllerLab, name: string, want: Wanted, told: number): Partial<Shown & Wanted> {
  const seen = { ...lab.shown(name), events: lab.events(name).slice(told) };
  const keys = Object.keys(want) as (keyof Wanted)[];
  return Object.fromEntries(keys.map((key) => [key, seen[key]]));
}

function expected(want: Wanted): object {
  if (want.events === undefined) return want;
  return {
    ...want,
    events: want.events.map((text) => expect.stringMatching(new RegExp(`^${escape(text)}`)) as string),
  };
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
