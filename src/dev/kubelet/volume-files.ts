import { type Placement, podField } from "./pod-fields.ts";
import type { PodSpec } from "./pod-spec.ts";
import { type LookUp, MissingSource } from "./sources.ts";
import type { FileSource, Volume } from "./volume-spec.ts";

interface VolumeFile {
  readonly content: Buffer;
  readonly mode: number;
}

/** The files of a volume by their path in it. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;

export interface VolumeContext extends Placement {
  readonly lookUp: LookUp;
  /** The service account's token for an audience. */
  readonly token: (audience: string) => string;
  /** PEM of the API server's authority. */
  readonly authority: string;
}

/** What is in a volume now. Throws MissingSource. */
export function filesOf(volume: Volume, pod: PodSpec, context: VolumeContext): VolumeFiles {
  const files = volume.sources.flatMap((source) => filesOfSource(source, volume, pod, context));
  return new Map(files);
}

type Entry = readonly [path: string, file: VolumeFile];

function filesOfSource(source: FileSource, volume: Volume, pod: PodSpec, context: VolumeContext): Entry[] {
  const file = (path: string, content: string): Entry => [path, { content: Buffer.from(content), mode: volume.mode }];
  switch (source.kind) {
    case "Secret":
    case "ConfigMap":
      return keys(source, volume, pod, context.lookUp);
    case "fields":
      return source.items.map(({ path, fieldPath }) => file(path, podField(fieldPath, pod, context) ?? ""));
    case "token":
      return [file(source.path, context.token(source.audience))];
    case "authority":
      return [file(source.path, context.authority)];
  }
}

type KeyedSource = Extract<FileSource, { readonly name: string }>;

function keys({ kind, name, optional, items }: KeyedSource, volume: Volume, pod: PodSpec, lookUp: LookUp): Entry[] {
  const what = kind === "Secret" ? "secret" : "configmap";
  const data = lookUp({ kind, namespace: pod.namespace, name });
  if (data === undefined) {
    if (optional) return [];
    throw new MissingSource(`MountVolume.SetUp failed for volume "${volume.name}" : ${what} "${name}" not found`);
  }
  const wanted = items ?? [...data.keys()].map((key) => ({ key, path: key, mode: undefined }));
  return wanted.flatMap(({ key, path, mode = volume.mode }) => {
    const content = data.get(key);
    if (content !== undefined) return [[path, { content, mode }] as const];
    if (optional) return [];
    throw new MissingSource(`references non-existent ${what} key: ${key}`);
  });
}
