import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, textMapOf, textOf } from "./fields.ts";
import type { Labels } from "./selector.ts";

export interface NamespaceView {
  readonly name: string;
  readonly labels: Labels;
}

export function projectNamespace(object: KubeObject): NamespaceView {
  const metadata = fieldsOf(object.metadata);
  return { name: textOf(metadata["name"]) ?? "", labels: textMapOf(metadata["labels"]) };
}
