import { backoffDelay } from "../../lib/backoff.ts";
import { millis, seconds } from "../../lib/duration.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { apiTime, type ContainerFacts, type ContainerState, type Termination } from "./container-status.ts";
import type { ContainerSpec } from "./pod-spec.ts";
import type { Probe } from "./probe-spec.ts";
import { type ProbeManner, Prober } from "./prober.ts";
import type { Exit, RunningProcess } from "./runtime.ts";

/** After the first restart, which comes at once. */
const BACKOFF = { first: seconds(10), max: seconds(300), jitter: 0 };

/** A container that has run for so long starts anew with the first delay. */
const HEALTHY = seconds(600);

/**
 * A kubelet looks at its containers about once a second. So one that is to end, and does so sooner, is not seen to run: `kubectl
 * run` then shows all that it has said.
 */
const GLANCE = seconds(1);

export interface KeeperPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Starts the program. Throws an Error that says why not. */
  readonly start: () => RunningProcess;
  /** Resolves to "" for yes, else to why not. */
  readonly ask: (probe: Probe) => Promise<string>;
  /** Something in `facts` is different. */
  readonly changed: () => void;
}

/** Keeps one container running: probes it, starts it again when it ends, later each time. */
export class ContainerKeeper {
  readonly #spec: ContainerSpec;
  readonly #ports: KeeperPorts;
  readonly #policy: "Always" | "OnFailure" | "Never";
  #process: RunningProcess | undefined;
  #probers: Prober[] = [];
  #state: ContainerState = { waiting: { reason: "ContainerCreating" } };
  #lastState: ContainerState | undefined;
  #restarts = 0;
  #failures = 0;
  #startedUp = false;
  #unready = "it has not started";
  #restart: Timer | undefined;
  #held = false;
  #ending = false;

  constructor(spec: ContainerSpec, policy: "Always" | "OnFailure" | "Never", ports: KeeperPorts) {
    this.#spec = spec;
    this.#policy = policy;
    this.#ports = ports;
  }

  get facts(): ContainerFacts {
    const { name, image } = this.#spec;
    return {
      name,
      image,
      state: this.#state,
      lastState: this.#lastState,
      restarts: this.#restarts,
      started: this.#process !== undefined && this.#startedUp,
      unready: this.#process === undefined ? describe(this.#state) : this.#unready,
    };
  }

  /** Starts the program; what hinders it is tried again. */
  begin(): void {
    if (this.#ending || this.#process !== undefined) return;
    this.#restart?.cancel();
    try {
      this.#run(this.#ports.start());
    } catch (error) {
      this.#state = { waiting: { reason: "CreateContainerConfigError", message: errorMessage(error) } };
      this.#restart = this.#ports.clock.after(millis(500), () => this.begin());
      this.#ports.changed();
    }
  }

  /** Ends the program for good: tells it, and after the grace period makes it. */
  async end(graceSeconds: number): Promise<void> {
    this.#ending = true;
    this.#restart?.cancel();
    await this.#stop(graceSeconds);
  }

  /** Ends the program with a signal, and leaves it ended until `release`. */
  async hold(signal: NodeJS.Signals): Promise<void> {
    this.#held = true;
    this.#restart?.cancel();
    const exited = this.#process?.exited;
    this.signal(signal);
    await exited;
  }

  /** Starts what was held. */
  release(): void {
    this.#held = false;
    this.begin();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal);
  }

  #run(process: RunningProcess): void {
    const { clock, changed } = this.#ports;
    const [since, startedAt] = [clock.now(), apiTime(clock.wallTime())];
    this.#process = process;
    this.#state = { running: { startedAt } };
    this.#startedUp = this.#spec.startup === undefined;
    this.#unready = this.#spec.readiness === undefined && this.#startedUp ? "" : "it has not been asked";
    this.#probe();
    void process.exited.then((exit) => {
      this.#ended(exit, startedAt);
      if (clock.now() - since >= HEALTHY) this.#failures = 0;
      this.#again(exit);
      changed();
    });
    if (this.#policy === "Always") changed();
    else clock.after(GLANCE, changed);
  }

  /** Liveness and readiness wait for the startup probe. */
  #probe(): void {
    const { startup, readiness, liveness } = this.#spec;
    if (startup !== undefined && !this.#startedUp) {
      const patience = startup.initialDelay + startup.failureThreshold * startup.period;
      const timer = this.#ports.clock.after(seconds(patience), () => void this.#kill("startup probe failed"));
      this.#ask(startup, "awaited", (verdict) => {
        this.#unready = verdict;
        if (verdict !== "") return;
        timer.cancel();
        this.#startedUp = true;
        this.#stopProbes();
        this.#probe();
      });
      return;
    }
    if (readiness !== undefined) this.#ask(readiness, "awaited", (verdict) => (this.#unready = verdict));
    if (liveness !== undefined) this.#ask(liveness, "alive", (verdict) => void this.#kill(verdict));
  }

  #ask(probe: Probe, manner: ProbeManner, tell: (verdict: string) => void): void {
    const told = (verdict: string): void => {
      tell(verdict);
      this.#ports.changed();
    };
    this.#probers.push(new Prober(probe, manner, this.#ports, told));
  }

  #stopProbes(): void {
    for (const prober of this.#probers.splice(0)) prober.stop();
  }

  /** A program that its probe finds dead is ended; that it ended is what starts it again. */
  async #kill(why: string): Promise<void> {
    this.#ports.log.warn({ container: this.#spec.name, why }, "container is killed");
    await this.#stop(LAST_WORDS_S);
  }

  async #stop(graceSeconds: number): Promise<void> {
    this.#stopProbes();
    const process = this.#process;
    if (process === undefined) return;
    process.signal(graceSeconds === 0 ? "SIGKILL" : "SIGTERM");
    const timer = this.#ports.clock.after(seconds(graceSeconds), () => process.signal("SIGKILL"));
    await process.exited;
    timer.cancel();
  }

  #ended({ code, signal }: Exit, startedAt: string): void {
    this.#stopProbes();
    this.#process = undefined;
    const termination: Termination = {
      exitCode: code,
      ...(signal === 0 ? {} : { signal }),
      reason: code === 0 ? "Completed" : "Error",
      startedAt,
      finishedAt: apiTime(this.#ports.clock.wallTime()),
    };
    this.#state = { terminated: termination };
    this.#ports.log.info({ container: this.#spec.name, code, signal }, "container ended");
  }

  #again({ code }: Exit): void {
    if (this.#ending || this.#held || this.#policy === "Never" || (this.#policy === "OnFailure" && code === 0)) return;
    const delay = this.#failures === 0 ? millis(0) : backoffDelay(BACKOFF, this.#failures - 1, 0);
    this.#failures++;
    this.#lastState = this.#state;
    const message = `back-off ${delay / 1000}s restarting failed container=${this.#spec.name}`;
    this.#state = { waiting: { reason: "CrashLoopBackOff", message } };
    this.#restart = this.#ports.clock.after(delay, () => {
      this.#restarts++;
      this.begin();
    });
  }
}

/** What a program gets that its probe found dead. */
const LAST_WORDS_S = 2;

/** Why a container that has no process has none. */
function describe(state: ContainerState): string {
  if ("waiting" in state) return state.waiting.message ?? state.waiting.reason;
  if ("terminated" in state) return `it ended with code ${state.terminated.exitCode}`;
  return "";
}
