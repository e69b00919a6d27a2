import type { KubeObject } from "../../ports/kube.ts";

/** A text that may hold Kubernetes objects. */
export interface ManifestText {
  /** Where it came from, for people: a path, or `-` for standard input. */
  readonly path: string;
  readonly text: string;
  /** Whether the user named it, rather than a folder that it is in. */
  readonly named: boolean;
}

/** One object out of a manifest. */
export interface Manifest {
  readonly path: string;
  /** `metadata` is an object, with a `name` that is "" when there is none; everything else is as it was written. */
  readonly object: KubeObject;
  /** Line, counted from 1, of a field such as `spec.addresses[2]`, or of what is nearest to it; of the object for "". */
  readonly lineOf: (field: string) => number;
}

/** Why a text, or a part of it, could not be read. */
export interface ManifestProblem {
  readonly path: string;
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

export interface ParsedManifests {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly ManifestProblem[];
}
