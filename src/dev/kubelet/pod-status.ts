import { apiTime, type ContainerFacts } from "./container-status.ts";
import type { PodSpec } from "./pod-spec.ts";

export interface PodFacts {
  readonly hostAddresses: readonly string[];
  readonly addresses: readonly string[];
  readonly initContainers: readonly ContainerFacts[];
  readonly containers: readonly ContainerFacts[];
  /** Why no container can be started yet; "" when nothing hinders it. */
  readonly hindrance: string;
  /** When the kubelet saw it first, in milliseconds since 1970. */
  readonly since: number;
}

interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly lastTransitionTime: string;
}

/** The Pod's conditions as they were written last. */
export type Conditions = readonly Condition[];

/** `status` as it is in the API. */
export interface PodStatus {
  readonly phase: string;
  readonly conditions: Conditions;
  readonly [field: string]: unknown;
}

/** What the kubelet writes into a Pod's status. `before` are the conditions that it wrote last. */
export function podStatus(pod: PodSpec, facts: PodFacts, before: Conditions, wallTime: number): PodStatus {
  const { initContainers, containers, addresses, hostAddresses, since } = facts;
  const unready = facts.hindrance || unreadyContainers(containers);
  const initialized = initContainers.every(({ state }) => "terminated" in state && state.terminated.exitCode === 0);
  const condition = (type: string, reason: string, problem: string): Condition => {
    const status = problem === "" ? "True" : "False";
    const same = before.find((one) => one.type === type && one.status === status);
    return {
      type,
      status,
      lastTransitionTime: same?.lastTransitionTime ?? apiTime(wallTime),
      ...(problem === "" ? {} : { reason, message: problem }),
    };
  };
  return {
    phase: phaseOf(pod, containers),
    conditions: [
      condition("PodScheduled", "", ""),
      condition("Initialized", "ContainersNotInitialized", initialized ? "" : "init containers have not completed"),
      condition("ContainersReady", "ContainersNotReady", unready),
      condition("Ready", "ContainersNotReady", unready),
    ],
    hostIP: hostAddresses[0],
    hostIPs: hostAddresses.map((ip) => ({ ip })),
    ...(addresses.length === 0 ? {} : { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    startTime: apiTime(since),
    initContainerStatuses: initContainers.map(statusOf),
    containerStatuses: containers.map(statusOf),
  };
}

/** Which containers are not ready, and why; "" when all are. */
function unreadyContainers(containers: readonly ContainerFacts[]): string {
  return containers
    .filter(({ unready }) => unready !== "")
    .map(({ name, unready }) => `${name}: ${unready}`)
    .join("; ");
}

function phaseOf({ restarts }: PodSpec, containers: readonly ContainerFacts[]): string {
  const ended = containers.flatMap(({ state }) => ("terminated" in state ? [state.terminated] : []));
  if (restarts !== "Always" && ended.length === containers.length) {
    return ended.every(({ exitCode }) => exitCode === 0) ? "Succeeded" : "Failed";
  }
  const untouched = containers.some(({ state, lastState }) => "waiting" in state && lastState === undefined);
  return untouched ? "Pending" : "Running";
}

function statusOf({ name, image, state, lastState, restarts, started, unready }: ContainerFacts): object {
  return {
    name,
    image,
    imageID: image,
    state,
    lastState: lastState ?? {},
    ready: unready === "",
    started,
    restartCount: restarts,
  };
}
