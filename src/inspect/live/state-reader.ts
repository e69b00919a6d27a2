import { type Millis, seconds } from "../../lib/duration.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { STATE_AUDIENCE, STATE_PATH, TOKEN_HEADER } from "../../lib/state-access.ts";
import type { PodReader } from "../../ports/pods.ts";
import type { LiveState } from "../../speaker/live-state.ts";
import type { SpeakerPod } from "../cluster/speaker-pod.ts";
import type { UnreadReason } from "./live-view.ts";
import { parseLiveState } from "./parse-live-state.ts";
import { NO_OWN_TOKEN, NO_PORT, noToken, notGiven, notReached, notUnderstood } from "./unread-reasons.ts";

export interface ReaderOptions {
  /**
   * Shows the speakers the bearer token of the kubeconfig. Without, they see one that is good for their state alone and
   * for ten minutes: whoever runs in such a Pod can do nothing else with it.
   */
  readonly sendToken: boolean;
}

/** For one page. */
const TIMEOUT: Millis = seconds(3);

/** Of one speaker: more than it can have. A Pod that always has more is none of ours. */
const MOST_PAGES = 100;

/** Reads pages of speakers' states, with a token that is had once for all of them. */
export class StateReader {
  readonly #reader: PodReader;
  readonly #namespace: string;
  readonly #options: ReaderOptions;
  /** By service account. */
  readonly #tokens = new Map<string, Promise<Result<string, UnreadReason>>>();

  constructor(reader: PodReader, namespace: string, options: ReaderOptions) {
    this.#reader = reader;
    this.#namespace = namespace;
    this.#options = options;
  }

  async page(speaker: SpeakerPod, query: URLSearchParams): Promise<Result<LiveState, UnreadReason>> {
    const { name, metricsPort: port, serviceAccount } = speaker;
    if (port === 0) return err(NO_PORT);
    const token = await this.#token(serviceAccount);
    if (!token.ok) return token;
    const namespace = this.#namespace;
    const path = query.size === 0 ? STATE_PATH : `${STATE_PATH}?${query.toString()}`;
    const headers = { [TOKEN_HEADER]: `Bearer ${token.value}` };
    const answer = await this.#reader.read({ namespace, name, port }, path, { headers, timeout: TIMEOUT });
    if (!answer.ok) return err(notReached(namespace, answer.error));
    if (answer.value.code !== 200) return err(notGiven({ namespace, name: serviceAccount }, answer.value));
    const state = parseLiveState(answer.value.text);
    return state.ok ? state : err(notUnderstood(state.error));
  }

  /** The pages that follow the one that said `next`. Ends with a reason when one can't be had. */
  async *rest(
    speaker: SpeakerPod,
    query: URLSearchParams,
    next: string | undefined,
  ): AsyncGenerator<Result<LiveState, UnreadReason>> {
    for (let pages = 1; next !== undefined; pages++) {
      query.set("after", next);
      const page = pages === MOST_PAGES ? err(notUnderstood("it has no end")) : await this.page(speaker, query);
      yield page;
      next = page.ok ? page.value.continue : undefined;
    }
  }

  #token(serviceAccount: string): Promise<Result<string, UnreadReason>> {
    let token = this.#tokens.get(serviceAccount);
    if (token === undefined) {
      token = this.#options.sendToken ? this.#ownToken() : this.#madeToken(serviceAccount);
      this.#tokens.set(serviceAccount, token);
    }
    return token;
  }

  async #ownToken(): Promise<Result<string, UnreadReason>> {
    const token = await this.#reader.ownToken();
    return token === undefined ? err(NO_OWN_TOKEN) : ok(token);
  }

  async #madeToken(serviceAccount: string): Promise<Result<string, UnreadReason>> {
    const account = { namespace: this.#namespace, name: serviceAccount };
    const token = await this.#reader.requestToken(account, STATE_AUDIENCE);
    return token.ok ? token : err(noToken(account, token.error));
  }
}
