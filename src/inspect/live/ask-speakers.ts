import { type Millis, seconds } from "../../lib/duration.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { STATE_AUDIENCE, STATE_PATH, TOKEN_HEADER } from "../../lib/state-access.ts";
import type { PodReader } from "../../ports/pods.ts";
import type { LiveState } from "../../speaker/live-state.ts";
import type { SpeakerPod } from "../cluster/speaker-pod.ts";
import type { AskedSpeaker, LiveView, UnreadReason } from "./live-view.ts";
import { parseLiveState } from "./parse-live-state.ts";
import { NO_OWN_TOKEN, NO_PORT, noToken, notGiven, notReached, notUnderstood } from "./unread-reasons.ts";

export interface AskOptions {
  /** Only about these addresses; undefined: about all. */
  readonly ips?: readonly string[] | undefined;
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

/** Asks all speakers at once. Each answers for itself: what one doesn't tell is missed, and why is said. */
export function askSpeakers(
  reader: PodReader,
  namespace: string,
  pods: readonly SpeakerPod[],
  options: AskOptions,
): Promise<LiveView> {
  const asker = new Asker(reader, namespace, options);
  return Promise.all(pods.map((pod) => asker.ask(pod)));
}

class Asker {
  readonly #reader: PodReader;
  readonly #namespace: string;
  readonly #options: AskOptions;
  /** By service account. */
  readonly #tokens = new Map<string, Promise<Result<string, UnreadReason>>>();

  constructor(reader: PodReader, namespace: string, options: AskOptions) {
    this.#reader = reader;
    this.#namespace = namespace;
    this.#options = options;
  }

  async ask(speaker: SpeakerPod): Promise<AskedSpeaker> {
    const who = { node: speaker.node, pod: speaker.name };
    if (speaker.metricsPort === 0) return { ...who, unread: NO_PORT };
    const token = await this.#token(speaker.serviceAccount);
    if (!token.ok) return { ...who, unread: token.error };
    const first = await this.#page(speaker, token.value, undefined);
    if (!first.ok) return { ...who, unread: first.error };
    const { now, waitingFor, membership, layer2 } = first.value;
    const read = {
      ...who,
      now: Date.parse(now),
      ...(waitingFor === undefined ? {} : { waitingFor }),
      ...(membership === undefined ? {} : { membership }),
    };
    const addresses = [...layer2];
    let after = first.value.continue;
    for (let pages = 1; after !== undefined; pages++) {
      const page =
        pages === MOST_PAGES ? err(notUnderstood("it has no end")) : await this.#page(speaker, token.value, after);
      if (!page.ok) return { ...read, addresses, partial: page.error };
      addresses.push(...page.value.layer2);
      after = page.value.continue;
    }
    return { ...read, addresses };
  }

  async #page(speaker: SpeakerPod, token: string, after: string | undefined): Promise<Result<LiveState, UnreadReason>> {
    const { name, metricsPort, serviceAccount } = speaker;
    const namespace = this.#namespace;
    const query = new URLSearchParams();
    for (const ip of this.#options.ips ?? []) query.append("ip", ip);
    if (after !== undefined) query.set("after", after);
    const path = query.size === 0 ? STATE_PATH : `${STATE_PATH}?${query.toString()}`;
    const headers = { [TOKEN_HEADER]: `Bearer ${token}` };
    const answer = await this.#reader.read({ namespace, name, port: metricsPort }, path, { headers, timeout: TIMEOUT });
    if (!answer.ok) return err(notReached(namespace, answer.error));
    if (answer.value.code !== 200) return err(notGiven({ namespace, name: serviceAccount }, answer.value));
    const state = parseLiveState(answer.value.text);
    return state.ok ? state : err(notUnderstood(state.error));
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
