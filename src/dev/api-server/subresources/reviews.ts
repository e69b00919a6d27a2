import type { User, Users } from "../auth.ts";
import { isAnonymous, userInfo } from "../auth.ts";
import { decodeObject, readBody } from "../http/body.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import { sendObject } from "../http/respond.ts";
import type { Json } from "../objects.ts";
import { record, text } from "../objects.ts";

const AUDIENCE = "https://kubernetes.default.svc";

function tokenReview(users: Users, spec: Json): Json {
  const user = users.byToken(text(spec["token"]));
  if (user === undefined) return { user: {}, error: "[invalid bearer token]" };
  const asked = Array.isArray(spec["audiences"]) ? (spec["audiences"] as unknown[]) : [];
  return { authenticated: true, user: userInfo(user), audiences: asked.length === 0 ? [AUDIENCE] : asked };
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
