import type { IncomingMessage, ServerResponse } from "node:http";
import type { Users } from "../auth.ts";
import type { Gate } from "../authorization/gate.ts";
import { actingUser } from "../authorization/impersonation.ts";
import { requestAttributes } from "../authorization/request-attributes.ts";
import { badRequest, methodNotAllowed, noSuchResource } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { StatusError } from "../status.ts";
import type { Documents } from "./documents.ts";
import type { ResourceRequest } from "./resource-request.ts";
import { sendError, sendText } from "./respond.ts";
import { routeResource, segmentsOf, verbOf } from "./route.ts";

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
  readonly gate: Gate;
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
    const sender = parts.users.authenticate(request.headers.authorization);
    const user = actingUser(parts.gate, sender, request);
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
  const { pathname: path, searchParams: query } = urlOf(request);
  const method = request.method ?? "GET";
  const attributes = requestAttributes({ method, path, segments: segmentsOf(path), query });
  parts.gate.enter(user, attributes);
  const route = routeResource(path, parts.kernel.registry);
  if (route === undefined) return serveDocument(parts, request, response);
  const { definition, name, subresource } = route;
  const { served } = definition;
  const watching = method === "GET" && (route.watchPrefix || (name === "" && isTrue(query.get("watch"))));
  const verb = verbOf(method, route, watching);
  parts.interceptor.before({ method, path, resource: definition.table, verb });
  if (subresource !== "" && !served.subresources.some((known) => known === subresource)) throw noSuchResource();
  await parts.handleResource({ ...route, ...exchange, query, method, verb });
}

function isTrue(value: string | null): boolean {
  return value === "true" || value === "1";
}

function serveDocument(parts: HandlerParts, request: IncomingMessage, response: ServerResponse): void {
  const path = urlOf(request).pathname;
  const method = request.method ?? "GET";
  if (method !== "GET" && method !== "HEAD") throw methodNotAllowed();
  if (!parts.documents.serve(request, response, path)) sendText(response, 404, "404 page not found\n");
}
