import type { User } from "../auth.ts";
import { userInfo } from "../auth.ts";
import type { ApiObject, Json } from "../objects.ts";
import { isRecord, record, strings, text } from "../objects.ts";
import type { Definition } from "../registry.ts";
import type { Change } from "../rest/change.ts";
import type { Status } from "../status.ts";
import { StatusError } from "../status.ts";
import { WebhookFailure } from "../webhooks/failure.ts";

/** Versions of AdmissionReview; a webhook lists those that it understands, its favourite first. */
const VERSIONS: readonly string[] = ["v1", "v1beta1"];

/** A change in the version in which a webhook sees it. */
export interface SeenChange {
  readonly change: Change;
  readonly as: Definition;
  readonly object: ApiObject | undefined;
  readonly old: ApiObject | undefined;
}

/** Who makes a change, and by which request. */
export interface Origin {
  readonly user: User;
  /** CreateOptions, UpdateOptions or DeleteOptions of meta.k8s.io/v1. */
  readonly options: Json;
}

/** The request to a webhook: an AdmissionReview of admission.k8s.io in the first of the versions `accepted`. */
export function admissionReview(
  uid: string,
  accepted: readonly string[],
  { change, as, object, old }: SeenChange,
  origin: Origin,
): Json {
  const { definition, operation, subresource, name, dryRun } = change;
  // A Namespace is in itself, as far as requests go.
  const namespace = definition.table === "namespaces" ? name : change.namespace;
  const request = {
    uid,
    kind: kindOf(as),
    resource: resourceOf(as),
    ...(subresource === "" ? {} : { subResource: subresource }),
    requestKind: kindOf(definition),
    requestResource: resourceOf(definition),
    ...(subresource === "" ? {} : { requestSubResource: subresource }),
    ...(name === "" ? {} : { name }),
    ...(namespace === "" ? {} : { namespace }),
    operation,
    userInfo: userInfo(origin.user),
    object: object ?? null,
    oldObject: old ?? null,
    dryRun,
    options: origin.options,
  };
  const version = accepted.find((candidate) => VERSIONS.includes(candidate)) ?? "v1";
  return { kind: "AdmissionReview", apiVersion: `admission.k8s.io/${version}`, request };
}

function kindOf({ served: { group, version, kind } }: Definition): Json {
  return { group, version, kind };
}

function resourceOf({ served: { group, version, plural } }: Definition): Json {
  return { group, version, resource: plural };
}

/** What a webhook answered. */
export interface Verdict {
  /** Why it refuses; undefined when it doesn't. */
  readonly denial: StatusError | undefined;
  /** For Warning headers. */
  readonly warnings: readonly string[];
}

/** Reads the answer to `review`. Throws a WebhookFailure when it is none. */
export function verdictOf(webhook: string, review: Json, answer: Json): Verdict {
  const { kind, apiVersion, response } = answer;
  const uid = text(record(review["request"])["uid"]);
  const expected = text(review["apiVersion"]);
  if (!isRecord(response)) throw invalidAnswer("webhook response was absent");
  if (response["uid"] !== uid) {
    throw invalidAnswer(`expected response.uid=${quoted(uid)}, got ${quoted(text(response["uid"]))}`);
  }
  if (kind !== "AdmissionReview" || apiVersion !== expected) {
    const got = `${text(apiVersion) || "/"}, Kind=${text(kind)}`;
    throw invalidAnswer(`expected webhook response of ${expected}, Kind=AdmissionReview, got ${got}`);
  }
  if (text(response["patch"]) !== "") throw invalidAnswer("validating webhook may not return response.patch");
  if (isPresent(response["patchType"])) throw invalidAnswer("validating webhook may not return response.patchType");
  const denial = response["allowed"] === true ? undefined : refusal(webhook, record(response["status"]));
  return { denial, warnings: strings(response["warnings"]) };
}

function invalidAnswer(why: string): WebhookFailure {
  return new WebhookFailure(`received invalid webhook response: ${why}`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The webhook's own Status, made to name the webhook and to be a failure. */
function refusal(webhook: string, status: Json): StatusError {
  const deniedBy = `admission webhook ${quoted(webhook)} denied the request`;
  const reason = text(status["reason"]);
  const why = text(status["message"]) || reason;
  const code = Math.max(400, Number(status["code"] ?? 0) || 0);
  const message = why === "" ? `${deniedBy} without explanation` : `${deniedBy}: ${why}`;
  const details = isRecord(status["details"]) ? (status["details"] as Status["details"]) : undefined;
  return new StatusError(code, reason, message, details);
}
