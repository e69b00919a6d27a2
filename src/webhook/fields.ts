import { err, ok, type Result } from "../lib/result.ts";
import type { KubeObject } from "../ports/kube.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** UIDs are 36 characters, names at most 253; what is longer is nobody's. */
const LONGEST_TEXT = 512;

/** `value` as a JSON object; undefined when it is something else. */
function recordOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

export function shortText(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= LONGEST_TEXT ? value : undefined;
}

/** `value` as an object of the API; undefined without metadata, or with a name that isn't one. */
export function objectOf(value: unknown): KubeObject | undefined {
  const object = recordOf(value);
  const metadata = recordOf(object?.["metadata"]);
  if (object === undefined || metadata === undefined) return undefined;
  const name = metadata["name"] ?? "";
  const isNamed = shortText(name) !== undefined && shortText(metadata["namespace"] ?? "") !== undefined;
  return isNamed ? ({ ...object, metadata: { ...metadata, name } } as unknown as KubeObject) : undefined;
}

/** The request in a review of this kind, and its UID, which goes back with the answer. The error says what is missing. */
export function requestOf(
  body: unknown,
  kind: string,
  apiVersion: string,
): Result<{ readonly uid: string; readonly request: Fields }, string> {
  const review = recordOf(body);
  if (review?.["kind"] !== kind || review["apiVersion"] !== apiVersion)
    return err(`the body must be of kind ${kind}, ${apiVersion}`);
  const request = recordOf(review["request"]);
  const uid = shortText(request?.["uid"]);
  if (request === undefined || uid === undefined || uid === "") return err(`the ${kind} has no request.uid`);
  return ok({ uid, request });
}
