import type { Kernel } from "../kernel.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, cloneJson, isRecord, record, records, strings, text } from "../objects.ts";
import { applyDefaults } from "../schema/defaults.ts";
import { prune } from "../schema/prune.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import { StatusError } from "../status.ts";
import { WebhookFailure } from "../webhooks/failure.ts";
import { InvalidObjects, checkAnswer, conversionReview, convertedObjects } from "./review.ts";

/** Objects per request to the webhook: it, too, bounds what it reads. */
const BATCH = 100;
const TIMEOUT_S = 30;

const CRD_TABLE = "customresourcedefinitions.apiextensions.k8s.io";

/**
 * Converts the custom resources of one definition by its webhook. The definition is read anew for every call: its
 * webhook and the authority that it trusts may change while watches are open.
 */
export class WebhookConverter {
  readonly #kernel: Kernel;
  readonly #name: string;

  /** `name` is the definition's: `bgppeers.metallb.io` */
  constructor(kernel: Kernel, name: string) {
    this.#kernel = kernel;
    this.#name = name;
  }

  /**
   * All objects in the form of `apiVersion`, in their order: with the defaults of the version that they have, without
   * fields that the new one doesn't know. Rejects with the StatusError that a real API server answers.
   */
  async convert(objects: readonly ApiObject[], apiVersion: string): Promise<readonly ApiObject[]> {
    const crd = this.#kernel.storage.get(CRD_TABLE, "", this.#name);
    const sources = objects.map((object) => withDefaults(object, schemaOf(crd, object.apiVersion)));
    const foreign = sources.filter((object) => object.apiVersion !== apiVersion);
    const results: ApiObject[] = [];
    for (let i = 0; i < foreign.length; i += BATCH) {
      results.push(...(await this.#ask(record(crd?.["spec"]), foreign.slice(i, i + BATCH), apiVersion)));
    }
    const schema = schemaOf(crd, apiVersion);
    for (const result of results) if (schema !== undefined) prune(schema, result);
    let next = 0;
    return sources.map((object) => (object.apiVersion === apiVersion ? object : results[next++]!));
  }

  async #ask(spec: Json, objects: readonly ApiObject[], apiVersion: string): Promise<ApiObject[]> {
    const conversion = record(at(spec["conversion"], "webhook"));
    const uid = this.#kernel.uid();
    const subject = `conversion webhook for ${objects[0]!.apiVersion}, Kind=${objects[0]!.kind}`;
    try {
      const review = conversionReview(uid, strings(conversion["conversionReviewVersions"]), apiVersion, objects);
      const answer = await this.#kernel.webhooks.post(record(conversion["clientConfig"]), review, TIMEOUT_S);
      checkAnswer(answer, review);
      return convertedObjects(answer, review, objects);
    } catch (thrown) {
      if (!(thrown instanceof WebhookFailure)) throw thrown;
      const message = `${subject} ${thrown instanceof InvalidObjects ? "" : "failed: "}${thrown.message}`;
      this.#kernel.log.warn({ definition: this.#name }, message);
      throw new StatusError(500, "", message);
    }
  }
}

function schemaOf(crd: ApiObject | undefined, apiVersion: string): StructuralSchema | undefined {
  const name = apiVersion.split("/").at(-1);
  const version = records(at(crd?.["spec"], "versions")).find((candidate) => text(candidate["name"]) === name);
  const schema = at(version?.["schema"], "openAPIV3Schema");
  return isRecord(schema) ? schema : undefined;
}

function withDefaults(object: ApiObject, schema: StructuralSchema | undefined): ApiObject {
  const copy = cloneJson(object);
  if (schema !== undefined) applyDefaults(schema, copy);
  return copy;
}
