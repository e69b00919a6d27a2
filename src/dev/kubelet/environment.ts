import { fieldsOf, type Fields, textOf } from "../../config/fields.ts";
import { imageOf } from "./images.ts";
import { type Placement, podField } from "./pod-fields.ts";
import type { ContainerSpec, PodSpec } from "./pod-spec.ts";
import { type LookUp, MissingSource, type SourceName } from "./sources.ts";

export interface Surroundings extends Placement {
  readonly lookUp: LookUp;
  /** Where Pods reach the API server. */
  readonly apiServer: { readonly host: string; readonly port: string };
}

/** Longest value, in characters. */
const LONGEST = 131_072;

/** The environment of a container. Throws MissingSource. */
export function environmentOf(pod: PodSpec, container: ContainerSpec, around: Surroundings): Record<string, string> {
  const env: Record<string, string> = {
    PATH: imageOf(container.image)?.path ?? "",
    HOME: "/",
    HOSTNAME: pod.name,
    KUBERNETES_SERVICE_HOST: around.apiServer.host,
    KUBERNETES_SERVICE_PORT: around.apiServer.port,
  };
  for (const entry of container.envFrom) Object.assign(env, allKeys(entry, pod, around));
  for (const entry of container.env) {
    const value = valueOf(entry, pod, around, env);
    if (value !== undefined) env[String(entry["name"])] = value;
  }
  return env;
}

/** Replaces `$(NAME)` by a variable; one that is not known stays as it is, and `$$` is a dollar sign. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^()]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (env[name] ?? whole),
  );
}

function valueOf(
  entry: Fields,
  pod: PodSpec,
  around: Surroundings,
  env: Readonly<Record<string, string>>,
): string | undefined {
  if (entry["valueFrom"] === undefined) return expand(textOf(entry["value"], LONGEST) ?? "", env);
  const { fieldRef, secretKeyRef, configMapKeyRef } = fieldsOf(entry["valueFrom"]);
  if (fieldRef !== undefined) return fieldOf(String(fieldsOf(fieldRef)["fieldPath"]), pod, around);
  if (secretKeyRef !== undefined) return keyOf("Secret", fieldsOf(secretKeyRef), pod, around);
  if (configMapKeyRef !== undefined) return keyOf("ConfigMap", fieldsOf(configMapKeyRef), pod, around);
  throw new MissingSource(`environment variable ${String(entry["name"])}: this valueFrom is not known here`);
}

function fieldOf(path: string, pod: PodSpec, around: Surroundings): string {
  const value = podField(path, pod, around);
  if (value === undefined) throw new MissingSource(`unsupported fieldPath: ${path}`);
  return value;
}

function keyOf(
  kind: SourceName["kind"],
  reference: Fields,
  pod: PodSpec,
  { lookUp }: Surroundings,
): string | undefined {
  const [name, key] = [textOf(reference["name"]) ?? "", textOf(reference["key"]) ?? ""];
  const data = lookUp({ kind, namespace: pod.namespace, name });
  const value = data?.get(key);
  if (value !== undefined) return value.toString();
  if (reference["optional"] === true) return undefined;
  const what = kind === "Secret" ? "secret" : "configmap";
  if (data === undefined) throw new MissingSource(`${what} "${name}" not found`);
  throw new MissingSource(`couldn't find key ${key} in ${kind} ${pod.namespace}/${name}`);
}

function allKeys(entry: Fields, pod: PodSpec, { lookUp }: Surroundings): Record<string, string> {
  const kind = entry["secretRef"] === undefined ? "ConfigMap" : "Secret";
  const { name, optional } = fieldsOf(entry["secretRef"] ?? entry["configMapRef"]);
  const data = lookUp({ kind, namespace: pod.namespace, name: String(name) });
  if (data === undefined && optional !== true)
    throw new MissingSource(`${kind.toLowerCase()} "${String(name)}" not found`);
  const prefix = textOf(entry["prefix"]) ?? "";
  return Object.fromEntries([...(data ?? [])].map(([key, value]) => [prefix + key, value.toString()]));
}
