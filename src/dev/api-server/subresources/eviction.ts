import { methodNotAllowed } from "../errors.ts";
import { decodeObject, readBody } from "../http/body.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import { sendObject } from "../http/respond.ts";
import type { Kernel } from "../kernel.ts";
import { record } from "../objects.ts";
import { deleteObject, deleteOptions } from "../rest/delete.ts";

/** POST pods/x/eviction: deletes the pod. PodDisruptionBudgets are stored, but not counted. */
export async function evict(kernel: Kernel, call: ResourceRequest): Promise<void> {
  if (call.verb !== "create") throw methodNotAllowed();
  const { request, definition, namespace, name, query } = call;
  const body = decodeObject(await readBody(request), request.headers["content-type"], "Eviction");
  deleteObject(kernel, definition, { namespace, name }, deleteOptions(record(body["deleteOptions"]), query));
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  sendObject(call.response, { code: 201, body: status });
}
