import { type ClientRequest, type IncomingHttpHeaders, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest, type RequestOptions as HttpsOptions } from "node:https";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { errorMessage } from "../../../lib/errors.ts";
import { badRequest, notFound } from "../errors.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import type { Kernel } from "../kernel.ts";
import { at, records, text } from "../objects.ts";
import { StatusError } from "../status.ts";

/** Opens a connection to where a Pod listens. */
export type DialPod = (where: { readonly host: string; readonly port: number }) => Promise<Duplex>;

/** Where a proxied request goes. */
interface Target {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
}

const LONGEST_WAIT_MS = 30_000;

/** RFC 9110 §7.6.1, and what the client showed to us alone. */
const NOT_FORWARDED = new Set([
  "authorization",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Opens connections from a machine that is on the Pods' network. */
const dialDirectly: DialPod = ({ host, port }) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: LONGEST_WAIT_MS }, () => resolve(socket));
    socket.on("error", reject);
    socket.on("timeout", () => socket.destroy(new Error("i/o timeout")));
  });

/**
 * Any method on `pods/[SCHEME:]NAME[:PORT]/proxy/PATH`: passes the request on to the Pod, without the client's
 * `Authorization`, and its answer back. The Pod's certificate is not checked, as a real server doesn't. Addresses that
 * a real server refuses, such as loopback, are good here: tests have no others.
 */
export async function proxyToPod(kernel: Kernel, call: ResourceRequest, dial: DialPod = dialDirectly): Promise<void> {
  const target = targetOf(kernel, call);
  const { request, response } = call;
  const socket = await dial(target).catch((thrown: unknown) => {
    throw serviceUnavailable(target, thrown);
  });
  await new Promise<void>((resolve, reject) => {
    const outgoing = send(target, call, socket);
    outgoing.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, forwarded(answer.headers));
      answer.pipe(response);
      answer.on("error", () => response.destroy());
      resolve();
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("i/o timeout")));
    outgoing.on("error", (error) => reject(serviceUnavailable(target, error)));
    response.on("close", () => outgoing.destroy());
    request.pipe(outgoing);
  });
}

function send(
  { scheme, host, port, path }: Target,
  { method, request }: ResourceRequest,
  socket: Duplex,
): ClientRequest {
  const { host: asked = host } = request.headers;
  const headers = { ...forwarded(request.headers), host: asked };
  const options: RequestOptions = { method, host, port, path, headers, agent: false, timeout: LONGEST_WAIT_MS };
  if (scheme === "http") return httpRequest({ ...options, createConnection: () => socket });
  return httpsRequest({ ...options, socket, rejectUnauthorized: false } as SecureOptions);
}

/** TLS goes over a socket that is there: Node's types know that of `tls.connect` alone. */
type SecureOptions = HttpsOptions & { readonly socket: Duplex };

function targetOf(kernel: Kernel, { definition, namespace, name, request }: ResourceRequest): Target {
  const named = /^(?:(?<scheme>https?):)?(?<pod>[^:]+)(?::(?<port>[^:]*))?$/.exec(name)?.groups;
  if (named === undefined) throw badRequest(`invalid pod request ${JSON.stringify(name)}`);
  const pod = kernel.storage.get(definition.table, namespace, named["pod"]!);
  if (pod === undefined) throw notFound(definition.served, named["pod"]!);
  const ports = records(at(pod["spec"], "containers")).flatMap((container) => records(container["ports"]));
  const port = named["port"] || text(ports[0]?.["containerPort"]) || "80";
  if (!/^\d{1,5}$/.test(port)) throw badRequest(`invalid pod request ${JSON.stringify(name)}`);
  const host = text(at(pod["status"], "podIP"));
  if (host === "") throw badRequest("address not allowed");
  const path = (request.url ?? "").replace(BEFORE_PATH, "");
  return {
    scheme: named["scheme"] === "https" ? "https" : "http",
    host,
    port: Number(port),
    path: path.startsWith("/") ? path : `/${path}`,
  };
}

/** Up to the first `/proxy`: what follows is the Pod's, whatever it looks like. */
const BEFORE_PATH = /^.*?\/pods\/[^/]+\/proxy/;

function forwarded(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_FORWARDED.has(name)));
}

function serviceUnavailable({ host, port }: Target, thrown: unknown): StatusError {
  const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const why = `error trying to reach service: dial tcp ${where}: ${errorMessage(thrown)}`;
  return new StatusError(503, "ServiceUnavailable", why);
}
