/** What an image brings to a container. */
export interface Image {
  readonly entrypoint: readonly string[];
  /** Who runs it unless the Pod says otherwise. */
  readonly user: number;
}

/** Where the images have Node and the bundle; the kubelet mounts those of this machine there. */
export const NODE_PATH = "/usr/local/bin/node";
export const BUNDLE_FOLDER = "/metallb";

/** Node's flags in the images: docs/adr/0018-what-a-process-loads.md. */
const FLAGS = ["--max-semi-space-size=2", "--heap-growing-percent=20"];

function image(program: string, user: number): Image {
  return { entrypoint: [NODE_PATH, ...FLAGS, `${BUNDLE_FOLDER}/metallb.mjs`, program], user };
}

/** The images that are run as what they are, by repository. Containers of any other image are stand-ins. */
export const IMAGES: ReadonlyMap<string, Image> = new Map([
  ["ghcr.io/metallb-ts/controller", image("controller", 65_534)],
  ["ghcr.io/metallb-ts/speaker", image("speaker", 0)],
]);

/** The image of a reference such as `ghcr.io/metallb-ts/speaker:0.1.0@sha256:…`; undefined for one that is not known. */
export function imageOf(reference: string): Image | undefined {
  return IMAGES.get(repositoryOf(reference));
}

/** Without tag and digest. A colon before the last slash belongs to the registry's port. */
function repositoryOf(reference: string): string {
  return reference.replace(/@[^@]*$/, "").replace(/:[^:/]*$/, "");
}
