import { methodNotAllowed, notFound } from "../errors.ts";
import { decodeObject, readBody } from "../http/body.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import { sendObject } from "../http/respond.ts";
import type { Kernel } from "../kernel.ts";
import { now } from "../kernel.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, record } from "../objects.ts";
import { applyPatch } from "../patch/patch.ts";
import { ADMIT_ALL } from "../rest/change.ts";
import { planUpdate } from "../rest/update.ts";
import type { Plan } from "../rest/write.ts";
import { write } from "../rest/write.ts";
import { writeOptions } from "../rest/write-options.ts";

function selectorText(object: ApiObject): string {
  const labels = record(at(object["spec"], "selector", "matchLabels"));
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(",");
}

/** autoscaling/v1 Scale of a Deployment. */
function scaleOf(object: ApiObject): Json {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object["spec"], "replicas") ?? 0 },
    status: { replicas: at(object["status"], "replicas") ?? 0, selector: selectorText(object) },
  };
}

async function desired(kernel: Kernel, call: ResourceRequest, current: Json): Promise<Json> {
  const { request, query } = call;
  const body = await readBody(request);
  const contentType = request.headers["content-type"];
  if (call.verb === "update") return decodeObject(body, contentType, "Scale");
  const options = writeOptions(query, request.headers["user-agent"]);
  return applyPatch({
    contentType: contentType?.split(";")[0] ?? "",
    body,
    current,
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    isCustomResource: false,
    fieldManager: options.manager,
    force: options.force,
    now: now(kernel),
  }) as Json;
}

/** GET, PUT and PATCH of /scale. */
export async function serveScale(kernel: Kernel, call: ResourceRequest): Promise<void> {
  const { definition, namespace, name, query, request } = call;
  const stored = kernel.storage.get(definition.table, namespace, name);
  if (stored === undefined) throw notFound(definition.served, name);
  if (call.verb === "get") return sendObject(call.response, { code: 200, body: scaleOf(stored) });
  if (call.verb !== "update" && call.verb !== "patch") throw methodNotAllowed();
  const scale = await desired(kernel, call, scaleOf(stored));
  const options = { ...writeOptions(query, request.headers["user-agent"]), subresource: "" };
  const change = (current: ApiObject): Json => ({
    ...current,
    spec: { ...record(current["spec"]), replicas: at(scale["spec"], "replicas") ?? 0 },
  });
  const plan: Plan = (current) => {
    if (current === undefined) throw notFound(definition.served, name);
    return planUpdate(kernel, definition, current, change, options);
  };
  const { object } = await write(kernel, definition, { namespace, name }, plan, ADMIT_ALL);
  sendObject(call.response, { code: 200, body: scaleOf(object) });
}
