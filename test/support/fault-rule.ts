import { type RequestMatch, type SeenRequest, matches } from "./seen-request.ts";

/** What happens to a request instead of, or besides, being answered. */
export type Fault =
  /** The server gets it only after this many milliseconds. */
  | { readonly kind: "delay-request"; readonly ms: number }
  /** The server works on it at once; the client hears of it only after this many milliseconds. Not for watches. */
  | { readonly kind: "delay-answer"; readonly ms: number }
  /** The server never sees it: the client gets this status. A reason that fits the code is made up. */
  | {
      readonly kind: "answer";
      readonly code: number;
      readonly reason?: string;
      /** Sent as Retry-After, too. */
      readonly retryAfterSeconds?: number;
    }
  /** The server never sees it: the connection is reset (RST). */
  | { readonly kind: "reset" }
  /** The server has done it when the connection is reset: the client can't know. Of a watch nothing is seen. */
  | { readonly kind: "lose-answer" }
  /** The server never sees it, and the client hears nothing for as long as it waits. */
  | { readonly kind: "hang" }
  /** Of watches: 200, and the only event is an ERROR with 410, as if the resourceVersion were too old. */
  | { readonly kind: "expire-watch" };

/** Which requests a fault happens to. Without bounds: to all that match. */
export interface FaultRule {
  readonly when: RequestMatch;
  readonly fault: Fault;
  /** This many matching requests go through first. */
  readonly after?: number;
  /** Of the rest every n-th one: 3 means the third, the sixth, … */
  readonly every?: number;
  /** It happens this often at most. */
  readonly times?: number;
}

/** A rule in force. */
export class ActiveFault {
  readonly fault: Fault;
  readonly #rule: FaultRule;
  #matched = 0;
  #happened = 0;

  constructor(rule: FaultRule) {
    this.fault = rule.fault;
    this.#rule = rule;
  }

  /** How often it has happened. */
  get happened(): number {
    return this.#happened;
  }

  /** Whether it happens to this request, which is then counted. */
  strikes(request: SeenRequest): boolean {
    const { when, after = 0, every = 1, times = Infinity } = this.#rule;
    if (!matches(when, request) || this.#happened >= times) return false;
    this.#matched++;
    const due = this.#matched > after && (this.#matched - after) % every === 0;
    if (due) this.#happened++;
    return due;
  }
}
