import { API_AUDIENCE, serviceAccountUser, type Users } from "../auth.ts";
import { methodNotAllowed, notFound } from "../errors.ts";
import { decodeObject, readBody } from "../http/body.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import { sendObject } from "../http/respond.ts";
import type { Kernel } from "../kernel.ts";
import { now } from "../kernel.ts";
import { record, strings, timestamp } from "../objects.ts";

const DEFAULT_LIFETIME_S = 3600;

/** POST serviceaccounts/x/token: a bearer token for the service account. It is opaque and lives as long as the server; only its audiences take it. */
export async function requestToken(kernel: Kernel, users: Users, call: ResourceRequest): Promise<void> {
  if (call.verb !== "create") throw methodNotAllowed();
  const { request, definition, namespace, name } = call;
  const body = decodeObject(await readBody(request), request.headers["content-type"], "TokenRequest");
  const account = kernel.storage.get(definition.table, namespace, name);
  if (account === undefined) throw notFound(definition.served, name);
  const { uid = "" } = account.metadata;
  const user = { ...serviceAccountUser(namespace, name), uid };
  const spec = record(body["spec"]);
  const asked = strings(spec["audiences"]);
  const token = users.add(user, asked.length === 0 ? [API_AUDIENCE] : asked);
  const lifetime = Number(spec["expirationSeconds"] ?? DEFAULT_LIFETIME_S);
  const answer = {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: now(kernel) },
    spec: { ...spec, expirationSeconds: lifetime },
    status: { token, expirationTimestamp: timestamp(kernel.wallTime() + lifetime * 1000) },
  };
  sendObject(call.response, { code: 201, body: answer });
}
