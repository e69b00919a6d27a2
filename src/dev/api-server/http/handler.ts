import type { IncomingMessage, ServerResponse } from "node:http";
import type { User, Users } from "../auth.ts";
import { authorizePath, authorizeResource } from "../auth.ts";
import { badRequest, methodNotAllowed, noSuchResource } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { StatusError } from "../status.ts";
import type { Documents } from "./documents.ts";
import type { ResourceRequest } from "./resource-request.ts";
import { sendError, sendText } from "./respond.ts";
import { routeResource, verbOf } from "./route.ts";

/** What tests do to the server before it looks at a request. */
export interface Interceptor {
  /** Sees every resource request; may throw a StatusError instead of letting it through. */
  before(request: {
    readonly method: string;
    readonly path: string;
    readonly resource: string;
    readonly verb: string;
  }): void;
}

export interface HandlerParts {
  readonly kernel: Kernel;
  readonly users: Users;
  readonly documents: Documents;
  readonly interceptor: Interceptor;
  /** Answers a request for a resource that was found and allowed. */
  handleResource(request: ResourceRequest): Promise<void>;
}

/** Answers one HTTP request. Never rejects: what goes wrong becomes a Status. */
export async function handleRequest(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const warnings: string[] = [];
  try {
    const user = parts.users.authenticate(request.headers.authorization);
    await dispatch(parts, { user, request, response, warnings });
  } catch (thrown) {
    if (!(thrown instanceof StatusError)) {
      parts.kernel.log.error({ error: thrown, method: request.method, url: request.url }, "request failed");
    }
    sendError(response, thrown, warnings);
  }
}

function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? "/", "https://server");
  } catch {
    throw badRequest("malformed request target");
  }
}

type Exchange = Pick<ResourceRequest, "user" | "request" | "response" | "warnings">;

async function dispatch(parts: HandlerParts, exchange: Exchange): Promise<void> {
  const { user, request, response } = exchange;
  const url = urlOf(request);
  const method = request.method ?? "GET";
  const route = routeResource(url.pathname, parts.kernel.registry);
  if (route === undefined) return serveDocument(parts, user, request, response);
  const { definition, namespace, name, subresource } = route;
  const { served } = definition;
  const watching = method === "GET" && (route.watchPrefix || isTrue(url.searchParams.get("watch")));
  const verb = verbOf(method, route, watching);
  authorizeResource(user, { verb, resource: served, namespace, name, subresource });
  parts.interceptor.before({ method, path: url.pathname, resource: definition.table, verb });
  if (subresource !== "" && !served.subresources.some((known) => known === subresource)) throw noSuchResource();
  await parts.handleResource({ ...route, ...exchange, query: url.searchParams, method, verb });
}

function isTrue(value: string | null): boolean {
  return value === "true" || value === "1";
}

function serveDocument(parts: HandlerParts, user: User, request: IncomingMessage, response: ServerResponse): void {
  const path = urlOf(request).pathname;
  const method = request.method ?? "GET";
  authorizePath(user, method, path);
  if (method !== "GET" && method !== "HEAD") throw methodNotAllowed();
  if (!parts.documents.serve(request, response, path)) sendText(response, 404, "404 page not found\n");
}
