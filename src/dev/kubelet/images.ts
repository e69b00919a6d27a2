/** What an image brings to a container. */
export interface Image {
  readonly entrypoint: readonly string[];
  /** Who runs it unless the Pod says otherwise. */
  readonly user: number;
  /** Of its environment. */
  readonly path: string;
}

/** Where the images have Node and the bundle; the kubelet mounts those of this machine there. */
export const NODE_PATH = "/usr/local/bin/node";
export const BUNDLE_FOLDER = "/metallb";

/** Node's flags in the images: docs/adr/0018-what-a-process-loads.md. */
const FLAGS = ["--max-semi-space-size=2", "--heap-growing-percent=20"];

function image(program: string, user: number): Image {
  return { entrypoint: [NODE_PATH, ...FLAGS, `${BUNDLE_FOLDER}/metallb.mjs`, program], user, path: "/usr/local/bin" };
}

/** The product's images, by repository. */
export const IMAGES: ReadonlyMap<string, Image> = new Map([
  ["ghcr.io/metallb-ts/controller", image("controller", 65_534)],
  ["ghcr.io/metallb-ts/speaker", image("speaker", 0)],
]);

/** What guides look at a cluster with from inside: a shell and small tools, in place of which are this machine's. */
const TOOLBOX: Image = {
  entrypoint: [],
  user: 0,
  path: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};
const TOOLBOXES: ReadonlySet<string> = new Set(["busybox", "docker.io/library/busybox"]);

/**
 * The image of a reference such as `ghcr.io/metallb-ts/speaker:0.1.0@sha256:…`. Undefined for one that is not known: its
 * containers are stand-ins.
 */
export function imageOf(reference: string): Image | undefined {
  const repository = repositoryOf(reference);
  return TOOLBOXES.has(repository) ? TOOLBOX : IMAGES.get(repository);
}

/** Without tag and digest. A colon before the last slash belongs to the registry's port. */
function repositoryOf(reference: string): string {
  return reference.replace(/@[^@]*$/, "").replace(/:[^:/]*$/, "");
}
