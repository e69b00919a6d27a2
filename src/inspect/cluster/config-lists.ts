import type { KubeObject } from "../../ports/kube.ts";
import type { CONFIG_KINDS } from "../validate/known-kinds.ts";

/** The objects of a configuration, by the name of their list. */
export type ConfigLists = Readonly<Record<(typeof CONFIG_KINDS)[keyof typeof CONFIG_KINDS], readonly KubeObject[]>>;
