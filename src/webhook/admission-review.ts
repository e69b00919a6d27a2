import type { Millis } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { KubeObject } from "../ports/kube.ts";
import type { AdmissionAnswer, AdmissionRequest } from "../ports/webhook.ts";
import { objectOf, requestOf, shortText } from "./fields.ts";

const API_VERSION = "admission.k8s.io/v1";
const OPERATIONS = ["CREATE", "UPDATE", "DELETE"] as const;

/** What comes with each operation. */
const OBJECTS = {
  CREATE: ["object"],
  UPDATE: ["object", "oldObject"],
  DELETE: ["oldObject"],
} as const;

/** API servers cut single warnings at 256 characters and all of them together at 4096. */
const LONGEST_WARNING = 256;
const MOST_WARNINGS = 16;
const LONGEST_MESSAGE = 16 * 1024;

interface AdmissionReview {
  /** Goes back with the answer. */
  readonly uid: string;
  readonly request: AdmissionRequest;
}

/** Reads an AdmissionReview of admission.k8s.io/v1. The error says what it lacks. */
export function decodeAdmissionReview(body: unknown, timeout: Millis): Result<AdmissionReview, string> {
  const review = requestOf(body, "AdmissionReview", API_VERSION);
  if (!review.ok) return review;
  const { uid, request } = review.value;
  const operation = OPERATIONS.find((known) => known === request["operation"]);
  if (operation === undefined) return err(`request.operation must be one of ${OPERATIONS.join(", ")}`);
  const objects: { object?: KubeObject; oldObject?: KubeObject } = {};
  for (const field of OBJECTS[operation]) {
    const object = objectOf(request[field]);
    if (object === undefined) return err(`request.${field} is missing, or not an object`);
    objects[field] = object;
  }
  const namespace = shortText(request["namespace"]) ?? "";
  const name = shortText(request["name"]) ?? objects.object?.metadata.name ?? "";
  return ok({ uid, request: { operation, namespace, name, ...objects, timeout } });
}

/** The AdmissionReview that answers request `uid`. Texts are cut to what API servers pass on. */
export function encodeAdmissionReview(uid: string, answer: AdmissionAnswer): object {
  const { allowed, code, message } = answer;
  const warnings = answer.warnings.slice(0, MOST_WARNINGS).map((warning) => cut(warning, LONGEST_WARNING));
  return {
    apiVersion: API_VERSION,
    kind: "AdmissionReview",
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status: { code, message: cut(message, LONGEST_MESSAGE) } }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
  };
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 2)} …` : text;
}
