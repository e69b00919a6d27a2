import { seconds } from "../../lib/duration.ts";
import { EnvironmentError } from "../../lib/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KubeClient, ResourceType } from "../../ports/kube.ts";
import { fieldsOf } from "../../config/fields.ts";
import { allVolumes } from "./container-plan.ts";
import type { PodSpec } from "./pod-spec.ts";

/** A token is replaced when this part of its life is over. */
const RENEW = 0.8;

/** The service accounts' tokens of the node's Pods. */
export class Tokens {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #tokens = new Map<string, string>();

  /** `changed` is called when a token was replaced. */
  constructor(client: KubeClient, clock: Clock, changed: () => void) {
    this.#client = client;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Asks for the tokens that a Pod's volumes need and that are not there yet. Rejects when one is refused. */
  async prepare(pod: PodSpec): Promise<void> {
    for (const source of allVolumes(pod).flatMap(({ sources }) => sources)) {
      if (source.kind !== "token" || this.#tokens.has(key(pod, source.audience))) continue;
      await this.#request(pod, source);
    }
  }

  /** What `prepare` has brought, by audience. */
  of(pod: PodSpec): (audience: string) => string {
    return (audience) => this.#tokens.get(key(pod, audience)) ?? "";
  }

  /** Forgets a Pod's tokens, which are then not renewed any more. */
  forget(pod: PodSpec): void {
    for (const known of this.#tokens.keys()) if (known.startsWith(`${pod.uid} `)) this.#tokens.delete(known);
  }

  async #request(pod: PodSpec, source: { readonly audience: string; readonly lifetime: number }): Promise<void> {
    const { namespace, name, uid, serviceAccount } = pod;
    const { audience, lifetime } = source;
    const spec = {
      ...(audience === "" ? {} : { audiences: [audience] }),
      expirationSeconds: lifetime,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
    };
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
    const answer = await this.#client.create(tokensOf(serviceAccount), body, { namespace });
    const token = answer.ok ? fieldsOf(answer.value["status"])["token"] : undefined;
    if (typeof token !== "string") {
      const why = answer.ok ? "the answer has none" : answer.error.message;
      throw new EnvironmentError("token", `failed to fetch token: ${why}`, { retryable: true });
    }
    this.#tokens.set(key(pod, audience), token);
    this.#clock.after(seconds(lifetime * RENEW), () => void this.#renew(pod, source));
  }

  async #renew(pod: PodSpec, source: { readonly audience: string; readonly lifetime: number }): Promise<void> {
    if (!this.#tokens.has(key(pod, source.audience))) return;
    await this.#request(pod, source).then(this.#changed, () => {
      this.#clock.after(seconds(10), () => void this.#renew(pod, source));
    });
  }
}

function key({ uid }: PodSpec, audience: string): string {
  return `${uid} ${audience}`;
}

/** A service account's subresource, which is only ever created in. */
function tokensOf(name: string): ResourceType {
  const plural = `serviceaccounts/${encodeURIComponent(name)}/token`;
  return { group: "", version: "v1", plural, kind: "TokenRequest", namespaced: true };
}
