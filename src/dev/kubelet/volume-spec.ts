import { fieldsOf, type Fields, itemsOf, textOf } from "../../config/fields.ts";

/** A volume of a Pod: an empty folder, or one with the files of several sources. */
export interface Volume {
  readonly name: string;
  readonly kind: "empty" | "files";
  /** Of files that say nothing else. */
  readonly mode: number;
  readonly sources: readonly FileSource[];
}

/** Where files come from. */
export type FileSource =
  | {
      readonly kind: "Secret" | "ConfigMap";
      readonly name: string;
      readonly optional: boolean;
      /** Undefined is every key, under its own name. */
      readonly items: readonly FileItem[] | undefined;
    }
  | { readonly kind: "fields"; readonly items: readonly { readonly path: string; readonly fieldPath: string }[] }
  | { readonly kind: "token"; readonly path: string; readonly audience: string; readonly lifetime: number }
  /** What the kubelet itself knows: the authority of the API server. */
  | { readonly kind: "authority"; readonly path: string };

interface FileItem {
  readonly key: string;
  readonly path: string;
  readonly mode: number | undefined;
}

export interface Mount {
  readonly volume: string;
  readonly path: string;
  readonly subPath: string;
  readonly readOnly: boolean;
}

const MOST = 100;
const DEFAULT_MODE = 0o644;

/** Seconds. */
const TOKEN_LIFETIME = 3600;

export function volumesOf(value: unknown): Volume[] {
  return itemsOf(value, MOST).map((item) => volumeOf(fieldsOf(item)));
}

/** A volume of a kind that is not known here is an empty folder. */
function volumeOf(volume: Fields): Volume {
  const name = textOf(volume["name"]) ?? "";
  const { projected, secret, configMap, downwardAPI } = volume;
  const holder = fieldsOf(projected ?? secret ?? configMap ?? downwardAPI);
  const mode = typeof holder["defaultMode"] === "number" ? holder["defaultMode"] : DEFAULT_MODE;
  const sources =
    projected === undefined
      ? sourcesOf({ secret: renamed(secret), configMap, downwardAPI })
      : itemsOf(holder["sources"], MOST).flatMap((source) => sourcesOf(fieldsOf(source)));
  return { name, kind: sources.length === 0 ? "empty" : "files", mode, sources };
}

/** A Secret's name has another name in a volume of its own than in a projected one. */
function renamed(secret: unknown): unknown {
  return secret === undefined ? undefined : { ...fieldsOf(secret), name: fieldsOf(secret)["secretName"] };
}

function sourcesOf({ secret, configMap, downwardAPI, serviceAccountToken }: Fields): FileSource[] {
  const sources: FileSource[] = [];
  if (secret !== undefined) sources.push(keyed("Secret", fieldsOf(secret)));
  if (configMap !== undefined) sources.push(keyed("ConfigMap", fieldsOf(configMap)));
  if (downwardAPI !== undefined) sources.push({ kind: "fields", items: fieldItems(fieldsOf(downwardAPI)) });
  if (serviceAccountToken !== undefined) {
    const { path, audience, expirationSeconds } = fieldsOf(serviceAccountToken);
    const lifetime = typeof expirationSeconds === "number" ? expirationSeconds : TOKEN_LIFETIME;
    sources.push({ kind: "token", path: textOf(path) ?? "token", audience: textOf(audience) ?? "", lifetime });
  }
  return sources;
}

function keyed(kind: "Secret" | "ConfigMap", source: Fields): FileSource {
  const items = Array.isArray(source["items"]) ? itemsOf(source["items"], MOST).map(fieldsOf).map(itemOf) : undefined;
  return { kind, name: textOf(source["name"]) ?? "", optional: source["optional"] === true, items };
}

function itemOf({ key, path, mode }: Fields): FileItem {
  return { key: textOf(key) ?? "", path: textOf(path) ?? "", mode: typeof mode === "number" ? mode : undefined };
}

function fieldItems(downward: Fields): { readonly path: string; readonly fieldPath: string }[] {
  return itemsOf(downward["items"], MOST).map((item) => {
    const { path, fieldRef } = fieldsOf(item);
    return { path: textOf(path) ?? "", fieldPath: textOf(fieldsOf(fieldRef)["fieldPath"]) ?? "" };
  });
}

export function mountsOf(value: unknown): Mount[] {
  return itemsOf(value, MOST).map((item) => {
    const { name, mountPath, subPath, readOnly } = fieldsOf(item);
    return {
      volume: textOf(name) ?? "",
      path: textOf(mountPath) ?? "",
      subPath: textOf(subPath) ?? "",
      readOnly: readOnly === true,
    };
  });
}

/** Where containers find their service account, and the volume with it, which an admission plugin adds to every Pod. */
export const ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

export const ACCOUNT_VOLUME: Volume = {
  name: "kube-api-access",
  kind: "files",
  mode: DEFAULT_MODE,
  sources: [
    { kind: "token", path: "token", audience: "", lifetime: TOKEN_LIFETIME },
    { kind: "authority", path: "ca.crt" },
    { kind: "fields", items: [{ path: "namespace", fieldPath: "metadata.namespace" }] },
  ],
};
