import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, textOf } from "./fields.ts";

/** A Pod as owner of the objects it writes. */
export interface PodView {
  readonly name: string;
  readonly uid: string;
}

/** The address of a Pod, which on the host's network is the node's; "" before it has one. */
export function podAddress(object: KubeObject): string {
  return textOf(fieldsOf(object["status"])["podIP"]) ?? "";
}

export function projectPod(object: KubeObject): PodView {
  const metadata = fieldsOf(object.metadata);
  return { name: textOf(metadata["name"]) ?? "", uid: textOf(metadata["uid"]) ?? "" };
}
