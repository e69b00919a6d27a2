import { seconds } from "../lib/duration.ts";
import { err, ok } from "../lib/result.ts";
import type {
  KubeClient,
  KubeObject,
  KubeResult,
  ObjectName,
  PatchType,
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

class HttpsKubeClient implements KubeClient {
  readonly #endpoint: KubeEndpoint;
  readonly #pool = connectionPool(MAX_CONNECTIONS);

  constructor(endpoint: KubeEndpoint) {
    this.#endpoint = endpoint;
  }

  get(resource: ResourceType, name: ObjectName): Promise<KubeResult<KubeObject>> {
    return this.#object("GET", objectPath(resource, name));
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
      const text = await this.#text("GET", collectionPath(resource, namespace) + query, MAX_PAGE_BYTES);
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
    options: { readonly namespace?: string } = {},
  ): Promise<KubeResult<KubeObject>> {
    return this.#object("POST", collectionPath(resource, options.namespace), json(body));
  }

  replace(
    resource: ResourceType,
    name: ObjectName,
    body: object,
    options: WriteOptions = {},
  ): Promise<KubeResult<KubeObject>> {
    const query = queryString({ fieldManager: options.fieldManager });
    return this.#object("PUT", objectPath(resource, name, options.subresource) + query, json(body));
  }

  patch(
    resource: ResourceType,
    name: ObjectName,
    patch: { readonly type: PatchType; readonly body: unknown },
    options: WriteOptions = {},
  ): Promise<KubeResult<KubeObject>> {
    const force = patch.type === "apply" ? "true" : undefined;
    const query = queryString({ fieldManager: options.fieldManager, force });
    const body = { type: PATCH_TYPES[patch.type], text: JSON.stringify(patch.body) };
    return this.#object("PATCH", objectPath(resource, name, options.subresource) + query, body);
  }

  async delete(
    resource: ResourceType,
    name: ObjectName,
    options: { readonly uid?: string } = {},
  ): Promise<KubeResult<undefined>> {
    const { uid } = options;
    const body =
      uid === undefined ? undefined : json({ apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } });
    const answer = await this.#text("DELETE", objectPath(resource, name), MAX_OBJECT_BYTES, body);
    return answer.ok ? ok(undefined) : answer;
  }

  async #object(
    method: KubeRequest["method"],
    path: string,
    body?: KubeRequest["body"],
  ): Promise<KubeResult<KubeObject>> {
    const text = await this.#text(method, path, MAX_OBJECT_BYTES, body);
    return text.ok ? parseObject(text.value) : text;
  }

  async #text(
    method: KubeRequest["method"],
    path: string,
    maxBytes: number,
    body?: KubeRequest["body"],
  ): Promise<KubeResult<string>> {
    const request = { method, path, pool: this.#pool, timeout: TIMEOUT, ...(body === undefined ? {} : { body }) };
    const answer = await open(this.#endpoint, request);
    return answer.ok ? readText(answer.value, maxBytes, TIMEOUT) : answer;
  }
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
