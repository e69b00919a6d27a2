import type { Kernel } from "./kernel.ts";
import type { Json } from "./objects.ts";
import { isRecord } from "./objects.ts";
import { createObject } from "./rest/create.ts";
import { internalWrite } from "./rest/write-options.ts";

const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];

/** The Service under which pods of a cluster find the API server. */
function kubernetesService(port: number): Json {
  return {
    metadata: { name: "kubernetes", labels: { component: "apiserver", provider: "kubernetes" } },
    spec: {
      clusterIP: "10.96.0.1",
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
      sessionAffinity: "None",
      type: "ClusterIP",
      ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: port }],
    },
  };
}

/** Creates what every cluster has, where it is missing. `port` is the server's own. */
export function bootstrapObjects(kernel: Kernel, port: number): void {
  const { registry, storage } = kernel;
  const write = internalWrite("kube-apiserver");
  const ensure = (plural: string, namespace: string, body: Json): void => {
    const definition = registry.find("", "v1", plural)!;
    const { metadata } = body;
    const name = isRecord(metadata) ? String(metadata["name"]) : "";
    if (storage.get(definition.table, namespace, name) !== undefined) return;
    createObject(kernel, definition, { namespace, name }, body, write);
  };
  for (const name of NAMESPACES) ensure("namespaces", "", { metadata: { name } });
  ensure("services", "default", kubernetesService(port));
}

/** Creates cluster-scoped objects that are not there yet. Throws a StatusError for one that is not valid. */
export function installObjects(kernel: Kernel, objects: readonly object[]): void {
  for (const object of objects as readonly Json[]) {
    const definition = kernel.registry.byKind(String(object["apiVersion"]), String(object["kind"]));
    if (definition === undefined)
      throw new TypeError(`${String(object["kind"])} is not a kind that a server begins with`);
    const name = isRecord(object["metadata"]) ? String(object["metadata"]["name"]) : "";
    if (kernel.storage.get(definition.table, "", name) !== undefined) continue;
    createObject(kernel, definition, { namespace: "", name: "" }, object, internalWrite("kube-apiserver"));
  }
}
