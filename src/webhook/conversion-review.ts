import { err, ok, type Result } from "../lib/result.ts";
import type { KubeObject } from "../ports/kube.ts";
import type { Convert } from "../ports/webhook.ts";
import { objectOf, requestOf, shortText } from "./fields.ts";

const API_VERSION = "apiextensions.k8s.io/v1";

interface ConversionReview {
  /** Goes back with the answer. */
  readonly uid: string;
  /** `group/version` that is wanted. */
  readonly desiredAPIVersion: string;
  readonly objects: readonly KubeObject[];
}

/** Reads a ConversionReview of apiextensions.k8s.io/v1. The error says what it lacks. */
export function decodeConversionReview(body: unknown): Result<ConversionReview, string> {
  const review = requestOf(body, "ConversionReview", API_VERSION);
  if (!review.ok) return review;
  const { uid, request } = review.value;
  const desiredAPIVersion = shortText(request["desiredAPIVersion"]);
  if (desiredAPIVersion === undefined) return err("request.desiredAPIVersion is missing");
  const given = request["objects"];
  if (!Array.isArray(given)) return err("request.objects is missing, or not a list");
  const objects = given.map(objectOf).filter((object) => object !== undefined);
  if (objects.length < given.length) return err("request.objects has something that is not an object");
  return ok({ uid, desiredAPIVersion, objects });
}

/** Converts all objects, or none: the ConversionReview that answers. */
export function answerConversionReview(review: ConversionReview, convert: Convert): object {
  const { uid, desiredAPIVersion, objects } = review;
  const convertedObjects: KubeObject[] = [];
  for (const object of objects) {
    const converted = convert(object, desiredAPIVersion);
    if (!converted.ok) return response({ uid, result: { status: "Failed", message: converted.error } });
    convertedObjects.push(converted.value);
  }
  return response({ uid, result: { status: "Success" }, convertedObjects });
}

function response(fields: object): object {
  return { apiVersion: API_VERSION, kind: "ConversionReview", response: fields };
}
