import { fieldsOf, textOf } from "../../config/fields.ts";

/** An HTTP probe of a container, with Kubernetes' defaults. Times in seconds. */
export interface Probe {
  readonly scheme: "HTTP" | "HTTPS";
  /** Undefined when the Pod's own address is meant. */
  readonly host: string | undefined;
  readonly port: number;
  readonly path: string;
  readonly initialDelay: number;
  readonly period: number;
  readonly timeout: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Undefined for no probe, and for one that is not HTTP: such containers count as well. `ports` are the container's. */
export function probeOf(
  value: unknown,
  ports: readonly { readonly name: string; readonly port: number }[],
): Probe | undefined {
  const probe = fieldsOf(value);
  const { host, path, port, scheme } = fieldsOf(probe["httpGet"]);
  const number = typeof port === "string" ? ports.find(({ name }) => name === port)?.port : port;
  if (typeof number !== "number") return undefined;
  const setting = (field: string, otherwise: number): number => {
    const given = probe[field];
    return typeof given === "number" ? given : otherwise;
  };
  return {
    scheme: scheme === "HTTPS" ? "HTTPS" : "HTTP",
    host: textOf(host) || undefined,
    port: number,
    path: textOf(path) || "/",
    initialDelay: setting("initialDelaySeconds", 0),
    period: setting("periodSeconds", 10),
    timeout: setting("timeoutSeconds", 1),
    successThreshold: setting("successThreshold", 1),
    failureThreshold: setting("failureThreshold", 3),
  };
}
