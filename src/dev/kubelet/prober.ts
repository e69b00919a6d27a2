import { type Millis, millis, seconds } from "../../lib/duration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Probe } from "./probe-spec.ts";

/** How often a container that people wait for is asked. */
const IMPATIENT = millis(200);

export interface ProberPorts {
  readonly clock: Clock;
  /** Resolves to "" for yes, else to why not. */
  readonly ask: (probe: Probe) => Promise<string>;
}

/**
 * How a probe is asked. `alive`: a container counts as well until enough answers in a row say otherwise. `awaited`: a no is
 * told at once, the first yes counts, and until then the prober asks every 200 ms and does not wait for `initialDelaySeconds`:
 * nobody looks at a lab to see it wait.
 */
export type ProbeManner = "alive" | "awaited";

/** Asks one probe again and again, and tells what the container is to be taken for when that changes. */
export class Prober {
  readonly #probe: Probe;
  readonly #ports: ProberPorts;
  readonly #tell: (verdict: string) => void;
  readonly #awaited: boolean;
  /** "" for yes, else why not; undefined before the first answer. */
  #verdict: string | undefined;
  #contrary = 0;
  #stopped = false;

  /** `tell` gets "" for yes, else why not. */
  constructor(probe: Probe, manner: ProbeManner, ports: ProberPorts, tell: (verdict: string) => void) {
    this.#probe = probe;
    this.#ports = ports;
    this.#tell = tell;
    this.#awaited = manner === "awaited";
    this.#verdict = this.#awaited ? undefined : "";
    this.#after(this.#awaited ? millis(0) : seconds(probe.initialDelay));
  }

  stop(): void {
    this.#stopped = true;
  }

  #after(delay: Millis): void {
    this.#ports.clock.after(delay, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    if (this.#stopped) return;
    const answer = await this.#ports.ask(this.#probe);
    if (this.#stopped) return;
    this.#weigh(answer);
    const waiting = this.#awaited && this.#verdict !== "";
    this.#after(waiting ? IMPATIENT : seconds(this.#probe.period));
  }

  #weigh(answer: string): void {
    const yes = answer === "";
    const contrary = yes !== (this.#verdict === "");
    this.#contrary = contrary ? this.#contrary + 1 : 0;
    if (contrary && this.#contrary < this.#needed(yes)) return;
    if (answer === this.#verdict || (!contrary && yes)) return;
    this.#contrary = 0;
    this.#verdict = answer;
    this.#tell(answer);
  }

  #needed(yes: boolean): number {
    const { successThreshold, failureThreshold } = this.#probe;
    if (yes) return this.#awaited ? 1 : successThreshold;
    return failureThreshold;
  }
}
