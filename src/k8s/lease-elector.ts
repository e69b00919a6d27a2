import { backoffDelay, type BackoffOptions } from "../lib/backoff.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import { err } from "../lib/result.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { KubeClient, KubeError, KubeObject, KubeResult, KubeWatcher, ObjectName } from "../ports/kube.ts";
import type { Candidate, Elector, Succession } from "../ports/leadership.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import { unexpectedAnswer } from "./kube-error.ts";
import { LEASE, leaseObject, type LeaseRecord, microTime, projectLease } from "./lease-record.ts";
import {
  doubtLease,
  type LeaseAction,
  type LeaseState,
  nextLeaseAction,
  sawLease,
  UNKNOWN,
  WRITE_DURATION,
  wroteLease,
} from "./lease-step.ts";
import { ExpiringPermit, type Moment, momentOf, UNLIMITED_PERMIT } from "./write-permit.ts";

/** Answers are waited for a little longer after each failure: while it counts, there is time for a second try. */
const FIRST_TIMEOUT = seconds(1);
const LONGEST_TIMEOUT = seconds(8);
const RETRY: BackoffOptions = { first: millis(500), max: seconds(2), factor: 1.5, jitter: 0.25 };
/** Who was not fast enough looks again a moment later. */
const RETRY_CONFLICT: BackoffOptions = { first: millis(100), max: seconds(1), jitter: 0.5 };
/** For what a person has to mend. */
const RETRY_FORBIDDEN: BackoffOptions = { first: seconds(2), max: seconds(10), jitter: 0.25 };
const RELEASE_TIMEOUT = millis(500);

export interface ElectorDeps {
  /** Not limited by the permit that this gives. */
  readonly client: Pick<KubeClient, "get" | "create" | "replace">;
  readonly watcher: KubeWatcher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told at the start, and when the permission to write begins and ends. */
  readonly onPermit: (may: boolean) => void;
}

export interface ElectorOptions {
  readonly lease: ObjectName;
  /** Ours alone: not the pod's name, which a restarted container has again. */
  readonly identity: string;
}

/** Takes part in the election by a Lease. Without `options` there is no election, and the candidate leads. */
export function createElector(deps: ElectorDeps, options: ElectorOptions | undefined): Elector {
  return options === undefined ? soleElector(deps) : new LeaseElector(deps, options);
}

function soleElector({ onPermit }: ElectorDeps): Elector {
  return {
    permit: UNLIMITED_PERMIT,
    start: (candidate) => {
      onPermit(true);
      candidate.lead("orderly");
    },
    close: () => Promise.resolve(),
  };
}

/**
 * Drives `lease-step.ts`: one request at a time, a timer when there is nothing to do, and a watch so that followers
 * hear at once when the Lease is given back. The watch may be late or dead: every write names the version it replaces.
 */
class LeaseElector implements Elector {
  readonly permit: ExpiringPermit;
  readonly #deps: ElectorDeps;
  readonly #options: ElectorOptions;
  #candidate: Candidate | undefined;
  #state: LeaseState = UNKNOWN;
  /** Of the last attempt to become the holder. */
  #succession: Succession = "orderly";
  /** The term in which the candidate leads. */
  #term: number | undefined;
  #request: Promise<void> | undefined;
  #closed = false;
  #failures = 0;
  #retryAt = millis(0);
  #timer: Timer | undefined;
  #watch: { close(): void } | undefined;
  /** What was said last about our role, and about trouble, so that it is said once. */
  #said = "";
  #complained = "";

  constructor(deps: ElectorDeps, options: ElectorOptions) {
    const { lease, identity } = options;
    this.#deps = { ...deps, log: deps.log.with({ lease: `${lease.namespace}/${lease.name}`, identity }) };
    this.#options = options;
    this.permit = new ExpiringPermit(deps.clock, () => this.#permitRanOut());
  }

  start(candidate: Candidate): void {
    this.#candidate = candidate;
    this.#deps.onPermit(false);
    const { namespace, name } = this.#options.lease;
    this.#watch = this.#deps.watcher.watch(
      { resource: LEASE, namespace, fieldSelector: `metadata.name=${name}`, project: projectLease },
      { set: (_, lease) => this.#hear(lease), delete: () => this.#hear(undefined), synced: () => {} },
    );
    this.#go();
  }

  async close({ release }: { readonly release: boolean }): Promise<void> {
    const leads = this.#term !== undefined && this.permit.remaining() > 0;
    this.#closed = true;
    this.#watch?.close();
    this.#timer?.cancel();
    this.permit.revoke();
    this.#deps.onPermit(false);
    await this.#request;
    if (release && leads && this.#state.held?.term === this.#term) await this.#release();
  }

  /** The watch says something. While we hold the Lease, or wait for an answer, it is only a reason to look. */
  #hear(lease: LeaseRecord | undefined): void {
    const { seen, held } = this.#state;
    if (lease !== undefined && lease.resourceVersion === seen?.lease?.resourceVersion) return;
    if (this.#request !== undefined || held !== undefined) this.#state = doubtLease(this.#state);
    else this.#state = sawLease(this.#state, lease, this.#options.identity, this.#deps.clock.now());
    this.#go();
  }

  #go(): void {
    if (this.#request !== undefined || this.#closed) return;
    this.#timer?.cancel();
    this.#followState();
    const now = this.#deps.clock.now();
    const action = nextLeaseAction(this.#state, this.#options.identity, now);
    const until = Math.max(this.#retryAt, action.do === "wait" ? action.until : 0);
    if (until > now) this.#timer = this.#deps.clock.after(millis(until - now), () => this.#go());
    else if (action.do !== "wait") this.#request = this.#perform(action);
  }

  async #perform(action: LeaseAction & { readonly do: "read" | "write" }): Promise<void> {
    const sent = momentOf(this.#deps.clock);
    const timeout = millis(Math.min(FIRST_TIMEOUT * 2 ** this.#failures, LONGEST_TIMEOUT));
    if (action.do === "write" && this.#state.held === undefined)
      this.#succession = action.unclean ? "unclean" : "orderly";
    const answer = action.do === "read" ? await this.#read(timeout) : await this.#write(action, sent, timeout);
    this.#request = undefined;
    if (answer.ok) this.#succeeded(action, answer.value, sent);
    else this.#failed(action, answer.error);
    this.#go();
  }

  #succeeded(action: LeaseAction, lease: LeaseRecord | undefined, sent: Moment): void {
    this.#failures = 0;
    this.#retryAt = millis(0);
    this.#complained = "";
    if (action.do === "write" && lease !== undefined) {
      this.#state = wroteLease(lease, sent.monotonic);
      if (!this.#closed) this.permit.grant(sent, WRITE_DURATION);
    } else {
      this.#state = sawLease(this.#state, lease, this.#options.identity, this.#deps.clock.now());
    }
  }

  #failed(action: LeaseAction, error: KubeError): void {
    if (action.do === "write") this.#state = doubtLease(this.#state);
    const retry = error.code === 409 ? RETRY_CONFLICT : error.code === 403 ? RETRY_FORBIDDEN : RETRY;
    const delay = backoffDelay(retry, this.#failures, this.#deps.random.next());
    this.#failures++;
    this.#retryAt = millis(this.#deps.clock.now() + Math.max(delay, error.retryAfter ?? 0));
    if (error.code !== 409) this.#complain(error);
  }

  /** Tells the candidate what follows from what we know. */
  #followState(): void {
    const { held } = this.#state;
    if (this.#term !== undefined && held?.term !== this.#term) this.#stepDown();
    if (held?.sentAt === undefined || this.permit.remaining() === 0) return this.#standBy();
    if (this.#said === "leading") return;
    this.#said = "leading";
    this.#deps.onPermit(true);
    if (this.#term === held.term) return this.#deps.log.info({}, "leading again; nobody else has meanwhile");
    this.#term = held.term;
    this.#deps.log.info({ succession: this.#succession }, "leading");
    this.#candidate?.lead(this.#succession);
  }

  #stepDown(): void {
    this.#term = undefined;
    this.#said = "stepped down";
    this.permit.revoke();
    this.#deps.onPermit(false);
    this.#candidate?.stepDown();
  }

  #standBy(): void {
    const holder = this.#state.seen?.lease?.holder ?? "";
    if (holder === "" || this.#state.held !== undefined || this.#said === `standby ${holder}`) return;
    this.#said = `standby ${holder}`;
    this.#deps.log.info({ leader: holder }, "standing by");
  }

  #permitRanOut(): void {
    this.#said = "interrupted";
    this.#deps.onPermit(false);
    const message = "the Lease could not be renewed in time: nothing is written until it is ours again";
    this.#deps.log.warn({}, message);
  }

  #complain({ code, reason, message }: KubeError): void {
    if (this.#complained === reason) return;
    this.#complained = reason;
    const fields = { code, reason, error: message };
    if (code !== 403) return this.#deps.log.warn(fields, "the Lease can't be read or written; retrying");
    const fix =
      `let the controller's Role in ${this.#options.lease.namespace} get, list, watch, create and update leases of ` +
      "coordination.k8s.io, or run a single replica with --leader-elect=false";
    this.#deps.log.error(fields, `no permission for the Lease, so nothing is decided and nothing written: ${fix}`);
  }

  async #read(timeout: Millis): Promise<KubeResult<LeaseRecord | undefined>> {
    const answer = await this.#deps.client.get(LEASE, this.#options.lease, { timeout });
    if (!answer.ok && answer.error.code === 404) return { ok: true, value: undefined };
    return projected(answer);
  }

  async #write(
    action: LeaseAction & { readonly do: "write" },
    sent: Moment,
    timeout: Millis,
  ): Promise<KubeResult<LeaseRecord>> {
    const { lease, replaces } = action;
    const acquireTime = action.acquireTime ?? microTime(sent.wall);
    const { namespace, name } = this.#options.lease;
    const body = leaseObject(
      { namespace, name },
      { ...lease, acquireTime },
      { renewTime: sent.wall, resourceVersion: replaces },
    );
    if (replaces === undefined) return projected(await this.#deps.client.create(LEASE, body, { namespace, timeout }));
    return projected(await this.#deps.client.replace(LEASE, { namespace, name }, body, { timeout }));
  }

  async #release(): Promise<void> {
    const lease = this.#state.seen?.lease;
    if (lease === undefined) return;
    const body = leaseObject(
      this.#options.lease,
      { ...lease, holder: "", duration: seconds(1) },
      { renewTime: this.#deps.clock.wallTime(), resourceVersion: lease.resourceVersion },
    );
    const released = await this.#deps.client.replace(LEASE, this.#options.lease, body, { timeout: RELEASE_TIMEOUT });
    if (released.ok) this.#deps.log.info({}, "the Lease is given back");
    else this.#deps.log.warn({ error: released.error.message }, "the Lease could not be given back: it will run out");
  }
}

/** A version is what every later write relies on. */
function projected(answer: KubeResult<KubeObject>): KubeResult<LeaseRecord> {
  if (!answer.ok) return answer;
  const lease = projectLease(answer.value);
  if (lease.resourceVersion !== "") return { ok: true, value: lease };
  return err(unexpectedAnswer("NoVersion", "the server answered with a Lease that has no resourceVersion"));
}
