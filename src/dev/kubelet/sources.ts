import { fieldsOf, textOf } from "../../config/fields.ts";
import type { KubeObject } from "../../ports/kube.ts";
import type { ContainerSpec, PodSpec } from "./pod-spec.ts";
import type { Volume } from "./volume-spec.ts";

/** A Secret or a ConfigMap that a Pod refers to. */
export interface SourceName {
  readonly kind: "Secret" | "ConfigMap";
  readonly namespace: string;
  readonly name: string;
}

/** Contents by key. */
export type SourceData = ReadonlyMap<string, Buffer>;

/** Looks a source up; undefined when it is not there. */
export type LookUp = (name: SourceName) => SourceData | undefined;

/** Something that a Pod needs is missing; its message says what, as `kubectl describe` would show it. */
export class MissingSource extends Error {}

/** The contents of a Secret or a ConfigMap. */
export function sourceData(kind: SourceName["kind"], object: KubeObject): SourceData {
  const entries = (field: string, encoding: BufferEncoding): (readonly [string, Buffer])[] =>
    Object.entries(fieldsOf(object[field])).flatMap(([key, value]) =>
      typeof value === "string" ? [[key, Buffer.from(value, encoding)] as const] : [],
    );
  if (kind === "Secret") return new Map(entries("data", "base64"));
  return new Map([...entries("data", "utf8"), ...entries("binaryData", "base64")]);
}

/** Every Secret and ConfigMap that a Pod's volumes and containers refer to. */
export function sourcesOfPod(pod: PodSpec, volumes: readonly Volume[]): SourceName[] {
  const { namespace } = pod;
  const found = [
    ...volumes.flatMap(({ sources }) => sources).filter((source) => "name" in source),
    ...[...pod.initContainers, ...pod.containers].flatMap(sourcesOfContainer),
  ];
  const named = found.map(({ kind, name }): SourceName => ({ kind, namespace, name }));
  return [...new Map(named.map((source) => [sourceKey(source), source])).values()];
}

export function sourceKey({ kind, namespace, name }: SourceName): string {
  return `${kind} ${namespace}/${name}`;
}

interface Reference {
  readonly kind: SourceName["kind"];
  readonly name: string;
}

function sourcesOfContainer({ env, envFrom }: ContainerSpec): Reference[] {
  const single = env.map(({ valueFrom }) => fieldsOf(valueFrom));
  return [
    ...references(single, "secretKeyRef", "configMapKeyRef"),
    ...references(envFrom, "secretRef", "configMapRef"),
  ];
}

function references(
  entries: readonly Readonly<Record<string, unknown>>[],
  secret: string,
  configMap: string,
): Reference[] {
  return entries.flatMap((entry) => [
    ...(entry[secret] === undefined ? [] : [{ kind: "Secret" as const, name: nameOf(entry[secret]) }]),
    ...(entry[configMap] === undefined ? [] : [{ kind: "ConfigMap" as const, name: nameOf(entry[configMap]) }]),
  ]);
}

function nameOf(reference: unknown): string {
  return textOf(fieldsOf(reference)["name"]) ?? "";
}
