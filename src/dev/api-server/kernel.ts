import type { Log } from "../../ports/log.ts";
import { timestamp } from "./objects.ts";
import type { Registry } from "./registry.ts";
import type { Storage } from "./storage.ts";
import type { WebhookClient } from "./webhooks/client.ts";

/** What every handler and controller of one server shares. */
export interface Kernel {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly webhooks: WebhookClient;
  readonly log: Log;
  /** Whether kubelets run Pods: workloads then have some, and one that is deleted goes when its kubelet says so. */
  readonly kubelets: boolean;
  /** Milliseconds since 1970 UTC. */
  readonly wallTime: () => number;
  readonly uid: () => string;
  /** `length` random characters that are fit for names. */
  readonly suffix: (length: number) => string;
}

export function now(kernel: Kernel): string {
  return timestamp(kernel.wallTime());
}
