import { createHash } from "node:crypto";
import { err, ok, type Result } from "../lib/result.ts";
import type { KubeClient, KubeObject, KubeResult, ResourceType } from "../ports/kube.ts";

const TOKEN_REVIEW: ResourceType = {
  group: "authentication.k8s.io",
  version: "v1",
  plural: "tokenreviews",
  kind: "TokenReview",
  namespaced: false,
};

const ACCESS_REVIEW: ResourceType = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "subjectaccessreviews",
  kind: "SubjectAccessReview",
  namespaced: false,
};

const CACHE_MS = 10_000;
const MAX_CACHED = 256;
/** Tokens of service accounts are near 1 KB. */
const MAX_TOKEN = 16 * 1024;

/** Whether a request may read; `status` is the HTTP answer when it may not. */
export type Access =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly status: 401 | 403 | 503; readonly reason: string };

/**
 * Asks the API server whether a bearer token belongs to somebody who may GET the non-resource URL `path`. The token is
 * for the API server, or for `audience` when there is one. Answers are kept for ten seconds, by the token's hash.
 */
export function createTokenAccess(
  client: Pick<KubeClient, "create">,
  path: string,
  audience?: string,
): (authorization: string | undefined) => Promise<Access> {
  const cache = new Map<string, { readonly at: number; readonly access: Promise<Access> }>();
  return (authorization) => {
    const token = bearerToken(authorization);
    if (token === undefined) return Promise.resolve(denied(401, "a bearer token is needed"));
    const key = createHash("sha256").update(token).digest("base64");
    const known = cache.get(key);
    if (known !== undefined && performance.now() - known.at < CACHE_MS) return known.access;
    const access = review(client, { path, audience }, token);
    cache.delete(key);
    cache.set(key, { at: performance.now(), access });
    if (cache.size > MAX_CACHED) cache.delete(cache.keys().next().value!);
    void access.then((answer) => {
      // An API server that didn't answer is asked again at once.
      if (!answer.allowed && answer.status === 503) cache.delete(key);
    });
    return access;
  };
}

function bearerToken(authorization: string | undefined): string | undefined {
  const match = /^bearer +(\S+)$/i.exec(authorization ?? "");
  return match !== null && match[1]!.length <= MAX_TOKEN ? match[1] : undefined;
}

interface Asked {
  readonly path: string;
  readonly audience: string | undefined;
}

async function review(client: Pick<KubeClient, "create">, { path, audience }: Asked, token: string): Promise<Access> {
  const known = await authenticate(client, token, audience);
  if (!known.ok) return known.error;
  const { username: user, groups, uid, extra } = known.value;
  const authorization = await client.create(ACCESS_REVIEW, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: { user, groups, uid, extra, nonResourceAttributes: { path, verb: "get" } },
  });
  const may = statusOf(authorization);
  if (may === undefined) return unanswered(authorization);
  if (may["allowed"] === true) return { allowed: true };
  return denied(
    403,
    `${String(user)} may not get ${path}: bind a ClusterRole with nonResourceURLs ["${path}"], verb get`,
  );
}

type User = Readonly<Record<string, unknown>>;

/** Tokens for the API server are reviewed without a word about audiences: only it knows the name of its own. */
async function authenticate(
  client: Pick<KubeClient, "create">,
  token: string,
  audience: string | undefined,
): Promise<Result<User, Access>> {
  const audiences = audience === undefined ? [undefined] : [[audience], undefined];
  for (const expected of audiences) {
    const answer = await client.create(TOKEN_REVIEW, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token, ...(expected === undefined ? {} : { audiences: expected }) },
    });
    const who = statusOf(answer);
    if (who === undefined) return err(unanswered(answer));
    if (who["authenticated"] === true) return ok((who["user"] ?? {}) as User);
  }
  return err(denied(401, "the token is not valid"));
}

function statusOf(answer: KubeResult<KubeObject>): Readonly<Record<string, unknown>> | undefined {
  const status = answer.ok ? answer.value["status"] : undefined;
  return typeof status === "object" && status !== null ? (status as Readonly<Record<string, unknown>>) : undefined;
}

function unanswered(answer: KubeResult<KubeObject>): Access {
  return denied(503, `the API server did not review the token: ${answer.ok ? "no status" : answer.error.message}`);
}

function denied(status: 401 | 403 | 503, reason: string): Access {
  return { allowed: false, status, reason };
}
