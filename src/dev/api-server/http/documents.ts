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
import type { Registry } from "../registry.ts";
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

const OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/** Answers paths that are not resources: discovery, OpenAPI, version and health. */
export class Documents {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Returns false when the path is none of these. */
  serve(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) sendText(response, 200, "ok");
    else if (path === "/version") sendObject(response, { code: 200, body: VERSION });
    else if (path === "/openapi/v2") sendDocument(request, response, OPENAPI_V2, new Uint8Array());
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
    sendDocument(request, response, "application/json", document);
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
}
