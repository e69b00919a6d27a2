import type { Candidate, Succession } from "../ports/leadership.ts";
import type { ControllerPorts } from "./ports.ts";
import { type Controller, type ControllerOptions, startController } from "./run.ts";

/**
 * One of the controller's replicas. It follows the API server all the time, so that it can lead at once. A time in
 * office ends with everything that was decided in it: after stepping down it begins anew, as after a restart.
 */
export class Replica implements Candidate {
  readonly #ports: ControllerPorts;
  readonly #options: ControllerOptions;
  #controller: Controller;
  /** Those before it whose last writes have not ended yet. */
  readonly #ending = new Set<Promise<void>>();
  #wasReady = false;

  constructor(ports: ControllerPorts, options: ControllerOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#controller = startController(ports, options);
    const { namespace, loadBalancerClass } = options;
    ports.log.info({ namespace, loadBalancerClass }, "controller started");
  }

  /** Kinds that have not been read completely since the start of the process. */
  get unread(): readonly string[] {
    const unread = this.#wasReady ? [] : this.#controller.unread;
    this.#wasReady ||= unread.length === 0;
    return unread;
  }

  /** What a watch has told may be old. When the leader before us did not end in order, all is read anew. */
  lead(succession: Succession): void {
    if (succession === "unclean") this.#beginAnew();
    this.#controller.lead(succession);
  }

  stepDown(): void {
    this.#beginAnew();
  }

  /**
   * Nothing is decided any more; resolves when the writes that are under way have ended. True: whoever follows need not
   * reckon with anything that is still on its way, from us or from those before us.
   */
  async stop(): Promise<boolean> {
    const { isTakingOver } = this.#controller;
    this.#retire(this.#controller);
    await Promise.all(this.#ending);
    this.#ports.log.info({}, "controller stopped");
    return !isTakingOver;
  }

  #beginAnew(): void {
    this.#retire(this.#controller);
    this.#controller = startController(this.#ports, this.#options);
  }

  #retire(controller: Controller): void {
    const ended = controller.stop();
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
  }
}
