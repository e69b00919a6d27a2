import type { Users } from "../auth.ts";
import { API_AUDIENCE, userInfo } from "../auth.ts";
import type { Gate } from "../authorization/gate.ts";
import { decodeObject, readBody } from "../http/body.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import { sendObject } from "../http/respond.ts";
import type { Json } from "../objects.ts";
import { record, text, strings } from "../objects.ts";
import { accessReview, type Asked, rulesReview } from "./access-reviews.ts";

function tokenReview(users: Users, spec: Json): Json {
  const asked = strings(spec["audiences"]);
  const known = users.byToken(text(spec["token"]), asked.length === 0 ? [API_AUDIENCE] : asked);
  if (known === undefined) return { user: {}, error: "[invalid bearer token]" };
  return { authenticated: true, user: userInfo(known.user), audiences: known.audiences };
}

function statusOf(users: Users, gate: Gate, { kind, sender, spec }: Asked): Json {
  if (kind === "TokenReview") return tokenReview(users, spec);
  if (kind === "SelfSubjectReview") return { userInfo: userInfo(sender) };
  if (kind === "SelfSubjectRulesReview") return rulesReview(gate, sender, spec);
  return accessReview(gate, { kind, sender, spec });
}

/** POST of a review: answers with the same object and its verdict. Nothing is stored. */
export async function review(users: Users, gate: Gate, call: ResourceRequest): Promise<void> {
  const { request, definition, user: sender } = call;
  const { kind } = definition.served;
  const body = decodeObject(await readBody(request), request.headers["content-type"], kind);
  const status = statusOf(users, gate, { kind, sender, spec: record(body["spec"]) });
  const { metadata, spec } = body;
  const answer = { kind, apiVersion: body["apiVersion"], metadata: metadata ?? {}, spec, status };
  sendObject(call.response, { code: 201, body: answer });
}
