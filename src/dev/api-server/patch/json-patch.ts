import type { Operation } from "fast-json-patch";
import jsonpatch from "fast-json-patch";
import { badRequest } from "../errors.ts";
import type { Json } from "../objects.ts";
import { cloneJson, isRecord } from "../objects.ts";
import { StatusError } from "../status.ts";

/** As many as the API server takes. */
const MAX_OPERATIONS = 10_000;

const OPERATIONS: ReadonlySet<unknown> = new Set(["add", "remove", "replace", "move", "copy", "test"]);

/** RFC 6902. Throws 400 for what is no patch, 413 for too many operations, 422 when an operation fails. */
export function applyJsonPatch(current: object, patch: unknown): Json {
  if (!Array.isArray(patch)) throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (patch.length > MAX_OPERATIONS) {
    const message = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`;
    throw new StatusError(413, "RequestEntityTooLarge", `Request entity is too large: ${message}`);
  }
  if (!patch.every(isOperation)) throw badRequest("the patch has an operation without a known op or a path");
  let patched: unknown;
  try {
    patched = jsonpatch.applyPatch(cloneJson(current), cloneJson(patch), true, true, true).newDocument;
  } catch {
    throw rejected();
  }
  if (!isRecord(patched)) throw rejected();
  return patched;
}

function isOperation(item: unknown): item is Operation {
  return isRecord(item) && OPERATIONS.has(item["op"]) && typeof item["path"] === "string";
}

/** The API server does not say which operation failed. */
function rejected(): StatusError {
  return new StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {});
}
