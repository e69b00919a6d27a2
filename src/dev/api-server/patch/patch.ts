import { badRequest, unsupportedMediaType } from "../errors.ts";
import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import { coreSchema } from "../schema/core-schemas.ts";
import { StatusError } from "../status.ts";
import { type PatchTarget, serverSideApply } from "./apply.ts";
import { parseJsonBody, parseYamlBody } from "./body.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { strategicMerge } from "./strategic.ts";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_PATCH = "application/strategic-merge-patch+json";
const APPLY_PATCH = "application/apply-patch+yaml";

export interface PatchInput extends PatchTarget {
  /** May carry parameters: `application/merge-patch+json; charset=utf-8` */
  readonly contentType: string;
  readonly body: Uint8Array | string;
}

/**
 * The object after a patch: not yet pruned, defaulted or validated. An apply patch's result has its managedFields; for
 * the others `trackUpdate` records them. Throws the StatusError that a real API server answers: 400 malformed,
 * 409 conflict, 413 too many operations, 415 content type, 422 an operation failed or the field manager is missing.
 */
export function applyPatch(input: PatchInput): object {
  switch (mediaType(input)) {
    case APPLY_PATCH:
      return serverSideApply({ ...input, configuration: parseYamlBody(input.body) });
    case JSON_PATCH:
      return applyJsonPatch(stored(input), parseJsonBody(input.body));
    case MERGE_PATCH:
      return mergePatch(stored(input), objectBody(input.body));
    default:
      return strategicMerge(stored(input), objectBody(input.body), coreSchema(input.apiVersion, input.kind));
  }
}

function mediaType({ contentType, isCustomResource }: PatchInput): string {
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(isCustomResource ? [] : [STRATEGIC_PATCH]), APPLY_PATCH];
  const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
  if (accepted.includes(type)) return type;
  throw unsupportedMediaType(accepted);
}

function stored({ current, kind }: PatchInput): Json {
  if (current === undefined) throw new StatusError(404, "NotFound", `${kind} not found`);
  return current as Json;
}

function objectBody(body: Uint8Array | string): Json {
  const patch = parseJsonBody(body);
  if (!isRecord(patch))
    throw badRequest("json: cannot unmarshal the patch into Go value of type map[string]interface {}");
  return patch;
}
