import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { goJsonError } from "../http/go-json-error.ts";
import { parseJson, stringifyJson } from "../json-text.ts";
import type { Json } from "../objects.ts";
import { at, isRecord, record, text } from "../objects.ts";
import { WebhookFailure, connectionFailure, statusFailure } from "./failure.ts";
import type { DialService } from "./service-dialer.ts";

/** More than any answer needs: a hundred converted objects of 100 KiB each. */
const MAX_ANSWER = 16 * 1024 * 1024;

/** Where a webhook is. */
interface Place {
  /** The URL that error messages show. */
  readonly shown: string;
  /** Where to connect to. */
  readonly host: string;
  readonly port: number;
  /** The name that the certificate must have. */
  readonly serverName: string;
  /** With the query. */
  readonly path: string;
}

/** Calls admission and conversion webhooks over HTTPS. */
export class WebhookClient {
  readonly #routes: ReadonlyMap<string, string>;
  readonly #dialService: DialService | undefined;

  /**
   * `routes` says where Services are: `namespace/name` → `https://host:port`. It is read anew for every call. Others are
   * dialled through `dialService`, if there is one.
   */
  constructor(routes: ReadonlyMap<string, string>, dialService?: DialService) {
    this.#routes = routes;
    this.#dialService = dialService;
  }

  /**
   * POSTs `review` to the webhook that `clientConfig` names (as in a ValidatingWebhookConfiguration, with its defaults)
   * and returns the JSON object that it answers. Throws a WebhookFailure for anything else.
   */
  async post(clientConfig: Json, review: Json, timeoutSeconds: number): Promise<Json> {
    const place = placeOf(clientConfig, timeoutSeconds);
    const where = this.#resolve(place, clientConfig);
    const options: SecureOptions = {
      ...(where === undefined ? { socket: await this.#dial(place, clientConfig) } : {}),
      method: "POST",
      host: where?.host ?? place.host,
      port: where?.port ?? place.port,
      path: place.path,
      agent: false,
      ...(isIP(place.serverName) === 0 ? { servername: place.serverName } : {}),
      ...authority(clientConfig),
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
      headers: { host: new URL(place.shown).host, accept: "application/json, */*", "content-type": "application/json" },
    };
    const { code, body } = await exchange(options, stringifyJson(review)).catch((thrown: unknown) => {
      throw new WebhookFailure(`Post ${JSON.stringify(place.shown)}: ${connectionFailure(thrown)}`);
    });
    if (code < 200 || code > 206) throw new WebhookFailure(statusFailure(code, body));
    return parsed(body);
  }

  /** Where to connect to; undefined for a Service that is to be dialled. */
  #resolve(place: Place, clientConfig: Json): { readonly host: string; readonly port: number } | undefined {
    if (!isRecord(clientConfig["service"])) return place;
    const { namespace, name } = clientConfig["service"];
    const route = this.#routes.get(`${text(namespace)}/${text(name)}`);
    if (route !== undefined) return addressOf(new URL(route));
    if (this.#dialService !== undefined) return undefined;
    throw new WebhookFailure(`Post ${JSON.stringify(place.shown)}: service ${JSON.stringify(name)} not found`);
  }

  async #dial({ shown, port }: Place, clientConfig: Json): Promise<Duplex> {
    const { namespace, name } = record(clientConfig["service"]);
    const service = { namespace: text(namespace), name: text(name), port };
    return await this.#dialService!(service).catch((thrown: unknown) => {
      throw new WebhookFailure(`Post ${JSON.stringify(shown)}: ${connectionFailure(thrown)}`);
    });
  }
}

/** TLS goes over a socket that is there: Node's types know that of `tls.connect` alone. */
type SecureOptions = RequestOptions & { readonly socket?: Duplex };

function addressOf(url: URL): { readonly host: string; readonly port: number } {
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: url.port === "" ? 443 : Number(url.port) };
}

function placeOf(clientConfig: Json, timeoutSeconds: number): Place {
  const service = record(clientConfig["service"]);
  const path = text(service["path"]).replace(/^\/?/, "/");
  const domain = `${text(service["name"])}.${text(service["namespace"])}.svc`;
  const base = isRecord(clientConfig["service"])
    ? `https://${domain}:${text(service["port"] ?? 443)}${path}`
    : text(clientConfig["url"]);
  const url = new URL(base);
  url.searchParams.set("timeout", `${timeoutSeconds}s`);
  const { host, port } = addressOf(url);
  // URLs drop the default port; Go shows that of a Service.
  const shown = `${base}?timeout=${timeoutSeconds}s`;
  return { shown, host, port, serverName: host, path: url.pathname + url.search };
}

/** Whom to trust; without a caBundle whomever the machine trusts. */
function authority(clientConfig: Json): { readonly ca?: string } {
  const bundle = text(clientConfig["caBundle"]);
  if (bundle === "") return {};
  const ca = Buffer.from(bundle, "base64").toString();
  if (ca.includes("-----BEGIN CERTIFICATE-----")) return { ca };
  throw new WebhookFailure("unable to load root certificates: unable to parse bytes as PEM block");
}

async function exchange(
  options: SecureOptions,
  body: string,
): Promise<{ readonly code: number; readonly body: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(options, resolve).once("error", reject).end(body);
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new Error(`the answer is larger than ${MAX_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return { code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
}

function parsed(body: string): Json {
  let answer: unknown;
  try {
    answer = parseJson(body);
  } catch {
    throw new WebhookFailure(`couldn't get version/kind; json parse error: ${goJsonError(body)}`);
  }
  if (!isRecord(answer)) throw new WebhookFailure("couldn't get version/kind; json parse error: not an object");
  if (answer["kind"] === "Status" && answer["status"] !== "Success") {
    throw new WebhookFailure(text(at(answer, "message")) || "unknown");
  }
  return answer;
}
