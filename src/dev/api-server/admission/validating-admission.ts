import { badRequest, internalError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Json } from "../objects.ts";
import { cloneJson, records, strings, text } from "../objects.ts";
import type { Definition } from "../registry.ts";
import { apiVersionOf } from "../resources.ts";
import type { Change } from "../rest/change.ts";
import { servedForm, storedForm } from "../rest/forms.ts";
import { StatusError } from "../status.ts";
import { WebhookFailure } from "../webhooks/failure.ts";
import { isExempt, seenAs, selected } from "./match.ts";
import type { Origin, SeenChange, Verdict } from "./review.ts";
import { admissionReview, verdictOf } from "./review.ts";

const TABLE = "validatingwebhookconfigurations.admissionregistration.k8s.io";
const DEFAULT_TIMEOUT_S = 10;

/** A webhook that wants to see a change, and the version in which it does. */
interface Invocation {
  readonly webhook: Json;
  readonly as: Definition;
}

/** Shows changes to the webhooks of all ValidatingWebhookConfigurations. */
export class ValidatingAdmission {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * Asks all webhooks that want to see a change at the same time; what they warn of is added to `warnings`. Rejects with
   * the StatusError of the first of them, in the order of the configurations, that refuses or fails. Undefined when
   * there is none to ask.
   */
  admit(change: Change, origin: Origin, warnings: string[]): Promise<void> | undefined {
    const invocations = this.#invocations(change);
    return invocations.length === 0 ? undefined : this.#ask(invocations, change, origin, warnings);
  }

  #invocations(change: Change): Invocation[] {
    const configurations = this.#kernel.storage.list(TABLE);
    if (configurations.length === 0 || isExempt(change)) return [];
    const { storage, registry } = this.#kernel;
    const versions = registry.all().filter(({ table }) => table === change.definition.table);
    const labelsOf = (name: string) => {
      const namespace = storage.get("namespaces", "", name);
      return namespace === undefined ? undefined : (namespace.metadata.labels ?? {});
    };
    return configurations.flatMap((configuration) =>
      records(configuration["webhooks"]).flatMap((webhook) => {
        const as = seenAs(webhook, change, versions);
        return as === undefined || !selected(webhook, change, labelsOf) ? [] : [{ webhook, as }];
      }),
    );
  }

  async #ask(invocations: readonly Invocation[], change: Change, origin: Origin, warnings: string[]): Promise<void> {
    const verdicts = await Promise.all(invocations.map((invocation) => this.#call(invocation, change, origin)));
    for (const verdict of verdicts) warnings.push(...verdict.warnings);
    const denial = verdicts.find((verdict) => verdict.denial !== undefined)?.denial;
    if (denial !== undefined) throw denial;
  }

  async #call({ webhook, as }: Invocation, change: Change, origin: Origin): Promise<Verdict> {
    const name = text(webhook["name"]);
    if (change.dryRun && hasSideEffects(webhook)) {
      return { denial: badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`), warnings: [] };
    }
    try {
      const accepted = strings(webhook["admissionReviewVersions"]);
      const review = admissionReview(this.#kernel.uid(), accepted, await converted(change, as), origin);
      return await this.#post(name, webhook, review);
    } catch (thrown) {
      return { denial: this.#failed(name, webhook, thrown), warnings: [] };
    }
  }

  async #post(name: string, webhook: Json, review: Json): Promise<Verdict> {
    const timeout = Number(webhook["timeoutSeconds"] ?? DEFAULT_TIMEOUT_S);
    const clientConfig = webhook["clientConfig"] as Json;
    const answer = await this.#kernel.webhooks.post(clientConfig, review, timeout).catch((thrown: unknown) => {
      throw thrown instanceof WebhookFailure ? new WebhookFailure(`failed to call webhook: ${thrown.message}`) : thrown;
    });
    return verdictOf(name, review, answer);
  }

  /** What a failure means for the write: nothing with `failurePolicy: Ignore`, unless it is not the webhook's. */
  #failed(name: string, webhook: Json, thrown: unknown): StatusError | undefined {
    if (thrown instanceof StatusError) return internalError(thrown.message);
    if (!(thrown instanceof WebhookFailure)) throw thrown;
    const message = `failed calling webhook ${JSON.stringify(name)}: ${thrown.message}`;
    this.#kernel.log.warn({ webhook: name, failurePolicy: webhook["failurePolicy"] }, message);
    return webhook["failurePolicy"] === "Ignore" ? undefined : internalError(message);
  }
}

function hasSideEffects(webhook: Json): boolean {
  return webhook["sideEffects"] !== "None" && webhook["sideEffects"] !== "NoneOnDryRun";
}

/** Both states of a change in the version that a webhook asks for. */
async function converted(change: Change, as: Definition): Promise<SeenChange> {
  const [object, old] = await Promise.all(
    [change.object, change.old].map(async (state) => {
      if (state === undefined || as === change.definition) return state;
      const { conversion } = as;
      if (conversion.by === "webhook") return (await conversion.convert([state], apiVersionOf(as.served)))[0];
      return await servedForm(as, await storedForm(change.definition, cloneJson(state)));
    }),
  );
  return { change, as, object, old };
}
