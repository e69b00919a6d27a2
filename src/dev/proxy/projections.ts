import { fieldsOf, type Fields, itemsOf, textOf } from "../../config/fields.ts";
import type { KubeObject } from "../../ports/kube.ts";
import type { NamedPort, ProxiedService, ProxiedSlice } from "./plan.ts";

/** What a Service may have at most before the stand-in cuts it off. */
const MOST = 1000;

/** `sessionAffinityConfig.clientIP.timeoutSeconds` when it is absent, as in Kubernetes. */
const AFFINITY_SECONDS = 10_800;

export function projectProxiedService(object: KubeObject): ProxiedService {
  const spec = fieldsOf(object["spec"]);
  const ingress = itemsOf(fieldsOf(fieldsOf(object["status"])["loadBalancer"])["ingress"], MOST);
  return {
    addresses: ingress.map((entry) => textOf(fieldsOf(entry)["ip"])).filter((ip) => ip !== undefined),
    ports: portsOf(spec["ports"]),
    localOnly: spec["externalTrafficPolicy"] === "Local",
    affinity: affinityOf(spec),
  };
}

export function projectProxiedSlice(object: KubeObject): ProxiedSlice {
  const metadata = fieldsOf(object.metadata);
  const service = textOf(fieldsOf(metadata["labels"])["kubernetes.io/service-name"]) ?? "";
  return {
    service: `${object.metadata.namespace}/${service}`,
    ports: portsOf(object["ports"]),
    endpoints: itemsOf(object["endpoints"], MOST)
      .map(fieldsOf)
      .filter((endpoint) => (fieldsOf(endpoint["conditions"])["ready"] ?? true) === true)
      .flatMap((endpoint) => {
        const address = textOf(itemsOf(endpoint["addresses"], 1)[0]);
        return address === undefined ? [] : [{ address, node: textOf(endpoint["nodeName"]) ?? "" }];
      }),
  };
}

function affinityOf(spec: Fields): number {
  if (spec["sessionAffinity"] !== "ClientIP") return 0;
  const seconds = fieldsOf(fieldsOf(spec["sessionAffinityConfig"])["clientIP"])["timeoutSeconds"];
  return typeof seconds === "number" ? seconds : AFFINITY_SECONDS;
}

/** SCTP is left out: Node has no sockets for it. */
function portsOf(value: unknown): NamedPort[] {
  return itemsOf(value, MOST).flatMap((item) => {
    const { name, protocol = "TCP", port } = fieldsOf(item);
    if ((protocol !== "TCP" && protocol !== "UDP") || typeof port !== "number") return [];
    return [{ name: textOf(name) ?? "", protocol, port }];
  });
}
