import type { Clock } from "../ports/clock.ts";
import type { EventRecorder, KubeClient, KubeWatcher } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";

/** Everything through which the controller touches the world. */
export interface ControllerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly watcher: KubeWatcher;
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly log: Log;
  readonly metrics: Metrics;
}
