import { notFound, unsupportedMediaType } from "../errors.ts";
import { invalid } from "../errors.ts";
import { requiredValue } from "../field-errors.ts";
import type { Kernel } from "../kernel.ts";
import { now } from "../kernel.ts";
import { parseMediaType } from "../negotiate.ts";
import type { ApiObject, Json } from "../objects.ts";
import { applyPatch } from "../patch/patch.ts";
import type { Definition } from "../registry.ts";
import { apiVersionOf } from "../resources.ts";
import { planCreate } from "./create.ts";
import type { Target } from "./decode.ts";
import { schemaOf } from "./decode.ts";
import { planUpdate } from "./update.ts";
import type { WriteOptions } from "./write-options.ts";
import type { Plan } from "./write.ts";

const APPLY = "application/apply-patch+yaml";
const JSON_TYPES = ["application/json-patch+json", "application/merge-patch+json"];
const STRATEGIC = "application/strategic-merge-patch+json";

export interface PatchRequest {
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
  /** "" is the object itself. */
  readonly subresource: string;
}

function patchType(request: PatchRequest, definition: Definition): string {
  const { type } = parseMediaType(request.contentType ?? "");
  const accepted = [...JSON_TYPES, ...(definition.served.custom ? [] : [STRATEGIC]), APPLY];
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  return type;
}

/** How a patch changes an object; server-side apply of a missing one creates it. Throws a StatusError. */
export function patchPlan(
  kernel: Kernel,
  definition: Definition,
  target: Target,
  request: PatchRequest,
  options: WriteOptions,
): Plan {
  const { served } = definition;
  const contentType = patchType(request, definition);
  const applying = contentType === APPLY;
  if (applying && !options.managerGiven) {
    const error = requiredValue("fieldManager", "is required for apply patch");
    throw invalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", [error]);
  }
  const schema = schemaOf(served);
  const { body, subresource } = request;
  const patch = (current: ApiObject | undefined): Json =>
    applyPatch({
      contentType,
      body,
      current,
      apiVersion: apiVersionOf(served),
      kind: served.kind,
      isCustomResource: served.custom,
      fieldManager: options.managerGiven || !applying ? options.manager : undefined,
      force: options.force,
      now: now(kernel),
      ...(subresource === "" ? {} : { subresource }),
      ...(schema === undefined ? {} : { schema }),
    }) as Json;
  return (current) => {
    const update = { ...options, subresource, managed: applying };
    if (current !== undefined) return planUpdate(kernel, definition, current, patch, update);
    if (!applying || subresource !== "") throw notFound(served, target.name);
    return planCreate(kernel, definition, target, patch(undefined), { ...options, managed: true });
  };
}
