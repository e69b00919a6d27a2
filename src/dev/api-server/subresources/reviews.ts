import type { User, Users } from "../auth.ts";
import { API_AUDIENCE, isAnonymous, userInfo } from "../auth.ts";
import { decodeObject, readBody } from "../http/body.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import { sendObject } from "../http/respond.ts";
import type { Json } from "../objects.ts";
import { record, text, strings } from "../objects.ts";

function tokenReview(users: Users, spec: Json): Json {
  const asked = strings(spec["audiences"]);
  const known = users.byToken(text(spec["token"]), asked.length === 0 ? [API_AUDIENCE] : asked);
  if (known === undefined) return { user: {}, error: "[invalid bearer token]" };
  return { authenticated: true, user: userInfo(known.user), audiences: known.audiences };
}

/** Every user who can log in may do everything; see auth.ts. */
function accessReview(username: string): Json {
  if (isAnonymous(username) || username === "") return { allowed: false };
  return { allowed: true, reason: "every authenticated user may do everything on this development server" };
}

const EVERYTHING = {
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  incomplete: false,
};

function statusOf(kind: string, users: Users, user: User, spec: Json): Json {
  if (kind === "TokenReview") return tokenReview(users, spec);
  if (kind === "SubjectAccessReview") return accessReview(text(spec["user"]));
  if (kind === "SelfSubjectAccessReview") return accessReview(user.username);
  if (kind === "SelfSubjectRulesReview") return EVERYTHING;
  return { userInfo: userInfo(user) };
}

/** POST of a review: answers with the same object and its verdict. Nothing is stored. */
export async function review(users: Users, call: ResourceRequest): Promise<void> {
  const { request, definition, user } = call;
  const { kind } = definition.served;
  const body = decodeObject(await readBody(request), request.headers["content-type"], kind);
  const status = statusOf(kind, users, user, record(body["spec"]));
  const { metadata, spec } = body;
  const answer = { kind, apiVersion: body["apiVersion"], metadata: metadata ?? {}, spec, status };
  sendObject(call.response, { code: 201, body: answer });
}
