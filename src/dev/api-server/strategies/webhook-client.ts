import { invalidValue, requiredValue } from "../field-errors.ts";
import type { Json } from "../objects.ts";
import { isRecord, record, text } from "../objects.ts";
import type { FieldError } from "../status.ts";

/** The port of a Service that answers for a webhook, unless it is named. */
const HTTPS_PORT = 443;

export function defaultWebhookClient(clientConfig: Json): void {
  if (isRecord(clientConfig["service"])) clientConfig["service"]["port"] ??= HTTPS_PORT;
}

/** What is wrong with the clientConfig of a webhook, be it for admission or for conversion. */
export function validateWebhookClient(clientConfig: unknown, path: string): FieldError[] {
  const { url, service } = record(clientConfig);
  if ((url === undefined) === (service === undefined)) {
    return [requiredValue(path, "exactly one of url or service is required")];
  }
  return url === undefined
    ? validateService(record(service), `${path}.service`)
    : validateUrl(text(url), `${path}.url`);
}

function validateUrl(value: string, path: string): FieldError[] {
  const wrong = (what: string, why: string): FieldError[] => {
    return [invalidValue(path, what, `${why}; desired format: https://host[/path]`)];
  };
  if (!URL.canParse(value)) return wrong(value, "url must be a valid URL");
  const url = new URL(value);
  if (url.protocol !== "https:") return wrong(url.protocol.slice(0, -1), "'https' is the only allowed URL scheme");
  if (url.username !== "") return wrong(url.username, "user information is not permitted in the URL");
  if (url.hash !== "") return wrong(url.hash.slice(1), "fragments are not permitted in the URL");
  if (url.search !== "") return wrong(url.search.slice(1), "query parameters are not permitted in the URL");
  return [];
}

function validateService({ name, namespace, path, port }: Json, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (text(name) === "") errors.push(requiredValue(`${at}.name`, "service name is required"));
  if (text(namespace) === "") errors.push(requiredValue(`${at}.namespace`, "service namespace is required"));
  if (path !== undefined && !text(path).startsWith("/")) {
    errors.push(invalidValue(`${at}.path`, path, "must start with a '/'; desired format: /path/of/resource"));
  }
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    errors.push(invalidValue(`${at}.port`, port, "port is not valid: must be between 1 and 65535, inclusive"));
  }
  return errors;
}
