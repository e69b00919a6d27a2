import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const MODULES = pathToFileURL(`${resolve(import.meta.dirname, "../../node_modules")}/`).href;

interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
}

type Model = new (data: object) => { validate(): void };

/**
 * What the schemas of the newest Kubernetes, and of the Prometheus Operator, say of an object: fields that are missing
 * or of a wrong type, and values that are out of range or don't match a pattern; undefined: nothing. They let unknown fields pass.
 */
export async function schemaProblem(object: Typed): Promise<string | undefined> {
  const { apiVersion, kind } = object;
  const library = apiVersion.startsWith("monitoring.") ? "@kubernetes-models/prometheus-operator" : "kubernetes-models";
  const module = (await import(`${MODULES}${library}/${apiVersion}/${kind}.js`)) as Record<string, Model>;
  try {
    new module[kind]!(structuredClone(object)).validate();
    return undefined;
  } catch (error) {
    return `${kind}: ${(error as Error).message}`;
  }
}
