import type { KubeClient, KubeObject, KubeResult, ResourceType } from "../ports/kube.ts";
import type { StatusWrite } from "./status-plan.ts";

/** Sends a planned write. Resolves to the object as it is then; to undefined when it is gone, whoever deleted it. */
export async function sendStatusWrite(
  client: KubeClient,
  resource: ResourceType,
  namespace: string,
  write: StatusWrite,
): Promise<KubeResult<KubeObject | undefined>> {
  if (write.do === "create") return client.create(resource, write.body, { namespace });
  const name = { namespace, name: write.name };
  if (write.do === "delete") {
    const deleted = await client.delete(resource, name);
    return deleted.ok || deleted.error.code !== 404 ? deleted : { ok: true, value: undefined };
  }
  const patch = { type: "merge", body: write.body } as const;
  return client.patch(resource, name, patch, write.do === "status" ? { subresource: "status" } : {});
}
