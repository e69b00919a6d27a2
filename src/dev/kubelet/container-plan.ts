import { environmentOf, expand, type Surroundings } from "./environment.ts";
import { type Image, imageOf } from "./images.ts";
import type { ContainerSpec, PodSpec } from "./pod-spec.ts";
import { type Sandbox, sandboxScript, type SandboxMount } from "./sandbox-script.ts";
import { privilegeOptions } from "./security.ts";
import { ACCOUNT_FOLDER, ACCOUNT_VOLUME, type Mount, type Volume } from "./volume-spec.ts";

/** What a container is started with. */
export interface ContainerPlan {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Machine {
  readonly node: string;
  readonly bundle: string;
  readonly rootless: boolean;
}

/** Whether a program of a known image runs in it; all others are stand-ins. */
export function isProgram(container: ContainerSpec): boolean {
  return imageOf(container.image) !== undefined;
}

/** Whether the kubelet starts processes for this Pod, or only answers on its ports. */
export function hasPrograms(pod: PodSpec): boolean {
  return [...pod.initContainers, ...pod.containers].some(isProgram);
}

/** A Pod's volumes, with that of its service account. */
export function allVolumes(pod: PodSpec): readonly Volume[] {
  return pod.automount ? [...pod.volumes, ACCOUNT_VOLUME] : pod.volumes;
}

/** Where a volume is on the node. */
export function volumeFolder(folder: string, volume: string): string {
  return `${folder}/volumes/${volume}`;
}

/**
 * How a container of a known image starts, in the Pod's folder on the node: exactly the arguments, environment and mounts
 * that its Pod says, on top of what its image says. Throws MissingSource.
 */
export function containerPlan(
  pod: PodSpec,
  container: ContainerSpec,
  folder: string,
  around: Surroundings & { readonly machine: Machine },
): ContainerPlan {
  const image = imageOf(container.image)!;
  const env = environmentOf(pod, container, around);
  const { node, bundle, rootless } = around.machine;
  const sandbox: Sandbox = {
    node,
    bundle,
    root: `${folder}/roots/${container.name}`,
    mounts: mountsOf(pod, container).map((mount) => sandboxMount(mount, pod, folder)),
    readOnlyRoot: container.security.readOnlyRoot,
    ownNetwork: !pod.hostNetwork,
    privileges: privilegeOptions(container.security, { image: image.user, rootless }),
    command: commandOf(container, image).map((word) => expand(word, env)),
  };
  return { script: sandboxScript(sandbox), env };
}

/** `command` replaces the image's entrypoint, `args` come after it. */
function commandOf({ command, args }: ContainerSpec, { entrypoint }: Image): string[] {
  return [...(command.length === 0 ? entrypoint : command), ...args];
}

/** What is mounted in another mount comes after it; the service account comes last, unless something else is there. */
function mountsOf(pod: PodSpec, container: ContainerSpec): readonly Mount[] {
  const mounts = container.mounts.toSorted((a, b) => a.path.length - b.path.length);
  if (!pod.automount || mounts.some(({ path }) => path === ACCOUNT_FOLDER)) return mounts;
  return [...mounts, { volume: ACCOUNT_VOLUME.name, path: ACCOUNT_FOLDER, subPath: "", readOnly: true }];
}

/**
 * Where in a volume other volumes are mounted, as paths in it. The folders must be there before: the container can't make
 * them in what it may only read.
 */
export function mountPoints({ containers, initContainers }: PodSpec, volume: string): string[] {
  const places = [...initContainers, ...containers].flatMap(({ mounts }) =>
    mounts
      .filter((outer) => outer.volume === volume && outer.subPath === "")
      .flatMap((outer) =>
        mounts
          .filter((inner) => inner.path.startsWith(`${outer.path}/`))
          .map((inner) => inner.path.slice(outer.path.length + 1)),
      ),
  );
  return [...new Set(places)];
}

/** Volumes that are made of files are read-only, whatever the mount says, as in Kubernetes. */
function sandboxMount({ volume, path, subPath, readOnly }: Mount, pod: PodSpec, folder: string): SandboxMount {
  const files = allVolumes(pod).find(({ name }) => name === volume)?.kind === "files";
  const source = volumeFolder(folder, volume) + (subPath === "" ? "" : `/${subPath}`);
  return { source, target: path, readOnly: readOnly || files, isFile: files && subPath !== "" };
}
