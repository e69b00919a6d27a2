import { KINDS } from "../../config/kinds.ts";
import { projectSecret, type SecretView } from "../../config/secret.ts";
import { seconds } from "../../lib/duration.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { KubeWatcher, WatchSink } from "../../ports/kube.ts";

/** How long all else waits for a Secret that is new to us and can't be read. */
const PATIENCE = seconds(2);

export interface PeerSecretsPorts {
  readonly watcher: KubeWatcher;
  readonly clock: Clock;
  /** What becomes of the Secrets. */
  readonly sink: Pick<WatchSink<SecretView>, "set" | "delete">;
  /** Something has changed: a Secret, or `settled`. */
  readonly onChange: () => void;
}

interface Followed {
  /** Runs while it is not settled: until its first list comes, or takes too long. */
  timer: Timer | undefined;
  watch: { close(): void } | undefined;
}

/**
 * Follows the Secrets that BGPPeers take their passwords from, each by its name: a role may allow these alone, and no
 * other Secret ever comes here.
 */
export class PeerSecrets {
  readonly #namespace: string;
  readonly #ports: PeerSecretsPorts;
  readonly #followed = new Map<string, Followed>();

  constructor(namespace: string, ports: PeerSecretsPorts) {
    this.#namespace = namespace;
    this.#ports = ports;
  }

  /** Whether it is known of all that are followed how they are, as far as it can be known soon. */
  get settled(): boolean {
    return [...this.#followed.values()].every(({ timer }) => timer === undefined);
  }

  /** These are followed from now on, and no others. */
  follow(names: ReadonlySet<string>): void {
    for (const [name, followed] of this.#followed) {
      if (names.has(name)) continue;
      this.#end(followed);
      this.#followed.delete(name);
      this.#ports.sink.delete(`${this.#namespace}/${name}`);
    }
    for (const name of names) if (!this.#followed.has(name)) this.#begin(name);
  }

  close(): void {
    for (const followed of this.#followed.values()) this.#end(followed);
    this.#followed.clear();
  }

  #begin(name: string): void {
    const { watcher, clock, sink, onChange } = this.#ports;
    const followed: Followed = { timer: undefined, watch: undefined };
    const settle = (): void => {
      if (followed.timer === undefined) return;
      followed.timer.cancel();
      followed.timer = undefined;
      onChange();
    };
    followed.timer = clock.after(PATIENCE, settle);
    this.#followed.set(name, followed);
    const options = { resource: KINDS.Secret, namespace: this.#namespace, fieldSelector: `metadata.name=${name}` };
    followed.watch = watcher.watch(
      { ...options, project: projectSecret },
      {
        set: (key, secret) => {
          sink.set(key, secret);
          onChange();
        },
        delete: (key) => {
          sink.delete(key);
          onChange();
        },
        synced: settle,
      },
    );
  }

  #end({ watch, timer }: Followed): void {
    watch?.close();
    timer?.cancel();
  }
}
