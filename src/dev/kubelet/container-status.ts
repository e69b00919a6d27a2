/** A container's state as the API has it: one of `waiting`, `running` and `terminated`. */
export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: Termination };

export interface Termination {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: "Completed" | "Error";
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What is known of a container now. */
export interface ContainerFacts {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly lastState: ContainerState | undefined;
  readonly restarts: number;
  /** Whether it runs, and its startup probe has said yes. */
  readonly started: boolean;
  /** Why it is not ready; "" when it is. */
  readonly unready: string;
}

/** RFC 3339 with whole seconds, as in the API. */
export function apiTime(wallTime: number): string {
  return `${new Date(wallTime).toISOString().slice(0, 19)}Z`;
}
