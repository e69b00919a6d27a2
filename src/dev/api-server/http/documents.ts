import type { IncomingMessage, ServerResponse } from "node:http";
import {
  aggregatedDiscovery,
  aggregationAsked,
  apiGroup,
  apiGroupList,
  apiVersions,
  resourceList,
} from "../discovery.ts";
import type { Json } from "../objects.ts";
import { openApiV2Document } from "../openapi/v2.ts";
import { openApiV3Document, openApiV3Hash, openApiV3Index } from "../openapi/v3.ts";
import type { Registry } from "../registry.ts";
import type { ServedResource } from "../resources.ts";
import { sendDocument, sendObject, sendText } from "./respond.ts";

/** The version of Kubernetes whose behaviour is imitated. */
const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.2",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "2026-01-01T00:00:00Z",
  goVersion: "",
  compiler: "metallb-ts development API server",
  platform: "linux/amd64",
};

/** A document whose address has its hash never changes: clients keep it for a year. */
const IMMUTABLE = "public, max-age=31536000, immutable";

const OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/** Answers paths that are not resources: discovery, OpenAPI, version and health. */
export class Documents {
  readonly #registry: Registry;
  /** OpenAPI documents are large: made once for each change of what is served. */
  readonly #cache = new Map<string, Uint8Array>();
  #cachedGeneration = -1;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Returns false when the path is none of these. */
  serve(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) sendText(response, 200, "ok");
    else if (path === "/version") sendObject(response, { code: 200, body: VERSION });
    else if (path === "/openapi/v2") sendDocument(request, response, OPENAPI_V2, this.#openApiV2());
    else if (path === "/openapi/v3" || path.startsWith("/openapi/v3/")) return this.#openApiV3(request, response, path);
    else return this.#discovery(request, response, path);
    return true;
  }

  #discovery(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    const version = aggregationAsked(request.headers.accept);
    if (version !== undefined && (path === "/api" || path === "/apis")) {
      const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
      sendDocument(request, response, type, aggregatedDiscovery(this.#registry, path === "/api", version));
      return true;
    }
    const document = this.#plainDiscovery(request, path);
    if (document === undefined) return false;
    // Only the aggregated form has an ETag: a real server sends this one anew each time.
    sendObject(response, { code: 200, body: document });
    return true;
  }

  #plainDiscovery(request: IncomingMessage, path: string): Json | undefined {
    const [root, first, second, ...more] = path.split("/").filter((segment) => segment !== "");
    if (more.length > 0) return undefined;
    if (root === "api") {
      if (first === undefined) return apiVersions(request.headers.host ?? "");
      return second === undefined ? resourceList(this.#registry, "", first) : undefined;
    }
    if (root !== "apis") return undefined;
    if (first === undefined) return apiGroupList(this.#registry);
    return second === undefined ? apiGroup(this.#registry, first) : resourceList(this.#registry, first, second);
  }

  #resources(): readonly ServedResource[] {
    return this.#registry.all().map(({ served }) => served);
  }

  #cached(key: string, make: () => Uint8Array): Uint8Array {
    if (this.#cachedGeneration !== this.#registry.generation) {
      this.#cache.clear();
      this.#cachedGeneration = this.#registry.generation;
    }
    let bytes = this.#cache.get(key);
    if (bytes === undefined) this.#cache.set(key, (bytes = make()));
    return bytes;
  }

  #openApiV2(): Uint8Array {
    return this.#cached("v2", () => openApiV2Document(this.#resources()));
  }

  #openApiV3(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    const [root, first = "", second = "", ...more] = path
      .split("/")
      .filter((part) => part !== "")
      .slice(2);
    const resources = this.#resources();
    const json = (make: () => object | undefined): Uint8Array =>
      this.#cached(path, () => Buffer.from(`${JSON.stringify(make())}\n`));
    if (root === undefined) {
      sendDocument(
        request,
        response,
        "application/json",
        json(() => openApiV3Index(resources)),
      );
      return true;
    }
    const [group, version] = root === "api" ? ["", first] : [first, second];
    if (more.length > 0 || resourceList(this.#registry, group, version) === undefined) return false;
    const document = json(() => openApiV3Document(group, version, resources));
    const asked = new URL(request.url ?? "/", "https://server").searchParams.get("hash");
    if (asked === null) {
      sendDocument(request, response, "application/json", document);
      return true;
    }
    const hash = openApiV3Hash(path.slice("/openapi/v3/".length), resources);
    if (asked === hash) sendDocument(request, response, "application/json", document, IMMUTABLE);
    else response.writeHead(301, { location: `${path}?hash=${hash}` }).end();
    return true;
  }
}
