import type { ApiObject, Json } from "../objects.ts";
import { isRecord, record, text } from "../objects.ts";
import { WebhookFailure } from "../webhooks/failure.ts";

/** Versions of ConversionReview; a webhook lists those that it understands, its favourite first. */
const VERSIONS: readonly string[] = ["v1", "v1beta1"];

/** The request to a conversion webhook: a ConversionReview. Throws a WebhookFailure when it understands none of ours. */
export function conversionReview(
  uid: string,
  accepted: readonly string[],
  desiredAPIVersion: string,
  objects: readonly ApiObject[],
): Json {
  const version = accepted.find((candidate) => VERSIONS.includes(candidate));
  if (version === undefined) {
    throw new WebhookFailure(`no supported ConversionReview version in [${accepted.join(" ")}], use v1`);
  }
  const request = { uid, desiredAPIVersion, objects };
  return { kind: "ConversionReview", apiVersion: `apiextensions.k8s.io/${version}`, request };
}

/** A webhook says that it has converted, but what it returned can't be the result. */
export class InvalidObjects extends WebhookFailure {}

/**
 * The objects that a webhook answered with, in the order of `objects`, each with its own metadata: of the webhook's only
 * labels and annotations count. Throws InvalidObjects.
 */
export function convertedObjects(answer: Json, review: Json, objects: readonly ApiObject[]): ApiObject[] {
  const { convertedObjects: converted } = record(answer["response"]);
  const count = Array.isArray(converted) ? converted.length : 0;
  if (!Array.isArray(converted) || count !== objects.length) {
    throw new InvalidObjects(`returned ${count} objects, expected ${objects.length}`);
  }
  const { desiredAPIVersion } = record(review["request"]);
  return objects.map((object, i) => accepted(record(converted[i]), object, i, text(desiredAPIVersion)));
}

/** Throws a WebhookFailure unless `answer` is a successful answer to `review`. */
export function checkAnswer(answer: Json, review: Json): void {
  const { apiVersion } = review;
  if (answer["kind"] !== "ConversionReview" || answer["apiVersion"] !== apiVersion) {
    const got = `${text(answer["apiVersion"]) || "/"}, Kind=${text(answer["kind"])}`;
    throw new WebhookFailure(`expected webhook response of ${text(apiVersion)}, Kind=ConversionReview, got ${got}`);
  }
  const { response } = answer;
  if (!isRecord(response)) throw new WebhookFailure("no response provided");
  const uid = text(record(review["request"])["uid"]);
  if (response["uid"] !== uid) {
    throw new WebhookFailure(
      `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(text(response["uid"]))}`,
    );
  }
  const { status, message } = record(response["result"]);
  if (status === "Success") return;
  throw new WebhookFailure(
    text(message) || `response.result.status was ${JSON.stringify(text(status))}, not "Success"`,
  );
}

const IDENTITY = ["name", "namespace", "uid"] as const;

function accepted(converted: Json, object: ApiObject, index: number, apiVersion: string): ApiObject {
  if (converted["apiVersion"] !== apiVersion) {
    const received = text(converted["apiVersion"]);
    const why = `invalid groupVersion (expected ${apiVersion}, received ${received})`;
    throw new InvalidObjects(`returned invalid object at index ${index}: ${why}`);
  }
  const metadata = record(converted["metadata"]);
  const wrong = [
    ...(converted["kind"] === object.kind
      ? []
      : [`must have the same kind: ${text(converted["kind"])} != ${object.kind}`]),
    ...IDENTITY.filter((field) => text(metadata[field]) !== text(object.metadata[field])).map(
      (field) => `must have the same ${field}: ${text(metadata[field])} != ${text(object.metadata[field])}`,
    ),
  ];
  if (wrong.length > 0) throw new InvalidObjects(`returned invalid converted object: ${wrong.join(", ")}`);
  return { ...converted, apiVersion, kind: object.kind, metadata: restored(metadata, object) };
}

function restored(metadata: Json, { metadata: own }: ApiObject): ApiObject["metadata"] {
  const { labels: _labels, annotations: _annotations, ...rest } = own;
  const { labels, annotations } = metadata;
  return {
    ...rest,
    ...(isRecord(labels) ? { labels: labels as Record<string, string> } : {}),
    ...(isRecord(annotations) ? { annotations: annotations as Record<string, string> } : {}),
  };
}
