import { seconds } from "../lib/duration.ts";
import { err, ok } from "../lib/result.ts";
import type {
  KubeClient,
  KubeObject,
  KubeResult,
  ObjectName,
  PatchType,
  RequestLimits,
  ResourceType,
  WriteOptions,
} from "../ports/kube.ts";
import { connectionPool, type KubeEndpoint } from "./endpoint.ts";
import { unexpectedAnswer } from "./kube-error.ts";
import { LIST_LIMIT, MAX_PAGE_BYTES, parsePage } from "./page.ts";
import { collectionPath, objectPath, queryString } from "./paths.ts";
import { type KubeRequest, open, readText } from "./request.ts";

const TIMEOUT = seconds(30);

/** etcd takes no object above 1.5 MiB by default; nothing legitimate comes near this. */
const MAX_OBJECT_BYTES = 16 * 1024 * 1024;

/** Connections, and so requests in flight. */
const MAX_CONNECTIONS = 32;

const PATCH_TYPES = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const satisfies Readonly<Record<PatchType, string>>;

/** Reads and writes of single objects over kept-alive connections. Never throws; never retries what could happen twice. */
export function createKubeClient(endpoint: KubeEndpoint): KubeClient {
  return new HttpsKubeClient(endpoint);
}

interface Exchange extends Pick<KubeRequest, "method" | "path"> {
  readonly body?: KubeRequest["body"] | undefined;
  readonly limits?: RequestLimits;
}

class HttpsKubeClient implements KubeClient {
  readonly #endpoint: KubeEndpoint;
  readonly #pool = connectionPool(MAX_CONNECTIONS);

  constructor(endpoint: KubeEndpoint) {
    this.#endpoint = endpoint;
  }

  get(
    resource: ResourceType,
    name: ObjectName,
    options: Pick<RequestLimits, "timeout"> = {},
  ): Promise<KubeResult<KubeObject>> {
    return this.#object({ method: "GET", path: objectPath(resource, name), limits: options });
  }

  async list(
    resource: ResourceType,
    options: { readonly namespace?: string; readonly labelSelector?: string } = {},
  ): Promise<KubeResult<readonly KubeObject[]>> {
    const { namespace, labelSelector } = options;
    const items: KubeObject[] = [];
    let continueToken: string | undefined;
    do {
      const query = queryString({ limit: String(LIST_LIMIT), continue: continueToken, labelSelector });
      const text = await this.#text(
        { method: "GET", path: collectionPath(resource, namespace) + query },
        MAX_PAGE_BYTES,
      );
      if (!text.ok) return text;
      const page = parsePage(text.value);
      if (!page.ok) return page;
      items.push(...page.value.items);
      continueToken = page.value.continueToken;
    } while (continueToken !== undefined);
    return ok(items);
  }

  create(
    resource: ResourceType,
    body: object,
    options: RequestLimits & { readonly namespace?: string } = {},
  ): Promise<KubeResult<KubeObject>> {
    const path = collectionPath(resource, options.namespace) + queryString(expiry(options));
    return this.#object({ method: "POST", path, body: json(body), limits: options });
  }

  replace(
    resource: ResourceType,
    name: ObjectName,
    body: object,
    options: WriteOptions = {},
  ): Promise<KubeResult<KubeObject>> {
    const query = queryString({ fieldManager: options.fieldManager, ...expiry(options) });
    const path = objectPath(resource, name, options.subresource) + query;
    return this.#object({ method: "PUT", path, body: json(body), limits: options });
  }

  patch(
    resource: ResourceType,
    name: ObjectName,
    patch: { readonly type: PatchType; readonly body: unknown },
    options: WriteOptions = {},
  ): Promise<KubeResult<KubeObject>> {
    const force = patch.type === "apply" ? "true" : undefined;
    const query = queryString({ fieldManager: options.fieldManager, force, ...expiry(options) });
    const path = objectPath(resource, name, options.subresource) + query;
    const body = { type: PATCH_TYPES[patch.type], text: JSON.stringify(patch.body) };
    return this.#object({ method: "PATCH", path, body, limits: options });
  }

  async delete(
    resource: ResourceType,
    name: ObjectName,
    options: RequestLimits & { readonly uid?: string } = {},
  ): Promise<KubeResult<undefined>> {
    const { uid } = options;
    const body =
      uid === undefined ? undefined : json({ apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } });
    const path = objectPath(resource, name) + queryString(expiry(options));
    const answer = await this.#text({ method: "DELETE", path, body, limits: options }, MAX_OBJECT_BYTES);
    return answer.ok ? ok(undefined) : answer;
  }

  async #object(exchange: Exchange): Promise<KubeResult<KubeObject>> {
    const text = await this.#text(exchange, MAX_OBJECT_BYTES);
    return text.ok ? parseObject(text.value) : text;
  }

  async #text({ method, path, body, limits = {} }: Exchange, maxBytes: number): Promise<KubeResult<string>> {
    const { timeout = TIMEOUT, permit } = limits;
    const request: KubeRequest = {
      method,
      path,
      pool: this.#pool,
      timeout,
      ...(body === undefined ? {} : { body }),
      ...(permit === undefined ? {} : { permit }),
    };
    const answer = await open(this.#endpoint, request);
    return answer.ok ? readText(answer.value, maxBytes, timeout) : answer;
  }
}

/** The server gives a request up that is not done by then. Go's duration syntax. */
function expiry({ permit, timeout }: RequestLimits): { readonly timeout?: string } {
  const limit = Math.min(permit?.remaining() ?? Number.POSITIVE_INFINITY, timeout ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(limit) ? { timeout: `${Math.max(1, Math.ceil(limit))}ms` } : {};
}

function json(body: object): { readonly type: string; readonly text: string } {
  return { type: "application/json", text: JSON.stringify(body) };
}

function parseObject(text: string): KubeResult<KubeObject> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "kind" in parsed) return ok(parsed as KubeObject);
  } catch {
    // Falls through: told as what it is below.
  }
  return err(
    unexpectedAnswer("NotAnObject", `the server answered with something else than an object: ${text.slice(0, 200)}`),
  );
}
