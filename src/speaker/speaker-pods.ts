import { podAddress } from "../config/pod.ts";
import { KINDS } from "../config/kinds.ts";
import { parseAddress } from "../ip/address.ts";
import { backoffDelay } from "../lib/backoff.ts";
import { millis, seconds } from "../lib/duration.ts";
import type { Endpoint } from "../membership/message.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { KubeClient } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";

export interface SpeakerPodsOptions {
  /** Where MetalLB runs. */
  readonly namespace: string;
  /** Label selector. */
  readonly labels: string;
  /** Where each of them listens. */
  readonly port: number;
}

export interface SpeakerPodsPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where speakers may be found. */
  onSeeds(seeds: readonly Endpoint[]): void;
}

/** Between two looks; whoever comes in between joins by itself. */
const INTERVAL = seconds(300);

/** Until the first look succeeded. */
const RETRY = { first: seconds(1), max: seconds(60) };

/** Finds out where other speakers may run: a list now and then, since that is all that the reference's role allows. */
export class SpeakerPods {
  readonly #options: SpeakerPodsOptions;
  readonly #ports: SpeakerPodsPorts;
  #timer: Timer | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: SpeakerPodsOptions, ports: SpeakerPodsPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  start(): void {
    void this.look();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /**
   * Looks now. Resolves to whether the API server answered; since it is asked for the newest state, it can do so only
   * with the majority of its own stores.
   */
  async look(): Promise<boolean> {
    const { client, clock, random } = this.#ports;
    const { namespace, labels, port } = this.#options;
    const listed = await client.list(KINDS.Pod, { namespace, labelSelector: labels });
    if (this.#closed) return listed.ok;
    let wait = millis(INTERVAL * (0.9 + 0.2 * random.next()));
    if (listed.ok) {
      this.#failures = 0;
      const addresses = listed.value.map((pod) => parseAddress(podAddress(pod)));
      this.#ports.onSeeds(addresses.flatMap((address) => (address === undefined ? [] : [{ address, port }])));
    } else {
      if (this.#failures === 0)
        this.#ports.log.warn({ error: listed.error.message }, "the speakers' Pods can't be listed");
      wait = backoffDelay(RETRY, this.#failures++, random.next());
    }
    this.#timer?.cancel();
    this.#timer = clock.after(wait, () => void this.look());
    return listed.ok;
  }
}
