import { familyOf, parseAddress } from "../../../ip/address.ts";
import type { Family } from "../../../ip/family.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, record, records, text } from "../objects.ts";

/** One backend of a Service in one family. */
export interface Backend {
  readonly pod: ApiObject;
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** Whether the Service's selector picks the pod. A Service without a selector picks none. */
export function selects(service: ApiObject, pod: ApiObject): boolean {
  const selector = Object.entries(record(at(service["spec"], "selector")));
  const labels = pod.metadata.labels ?? {};
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}

function podAddress(pod: ApiObject, family: Family): string | undefined {
  const all = [...records(at(pod["status"], "podIPs")).map(({ ip }) => text(ip)), text(at(pod["status"], "podIP"))];
  return all.find((ip) => {
    const address = parseAddress(ip);
    return address !== undefined && familyOf(address) === family;
  });
}

function isReady(pod: ApiObject): boolean {
  const conditions = records(at(pod["status"], "conditions"));
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

/** Pods that have an address in `family` and are not finished, in the order of their names. */
export function backends(service: ApiObject, pods: readonly ApiObject[], family: Family): Backend[] {
  const publishAll = at(service["spec"], "publishNotReadyAddresses") === true;
  return pods.flatMap((pod) => {
    const phase = at(pod["status"], "phase");
    const address = podAddress(pod, family);
    if (!selects(service, pod) || address === undefined || phase === "Succeeded" || phase === "Failed") return [];
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    const serving = isReady(pod);
    return [{ pod, address, ready: publishAll || (serving && !terminating), serving, terminating }];
  });
}

/** Target ports of the Service: numbers, or names that `pod` resolves. */
export function targetPorts(service: ApiObject, pod: ApiObject | undefined): Json[] {
  return records(at(service["spec"], "ports")).flatMap((port) => {
    const number = typeof port["targetPort"] === "string" ? namedPort(pod, port) : port["targetPort"];
    if (typeof number !== "number") return [];
    return [{ name: text(port["name"]), port: number, protocol: port["protocol"] }];
  });
}

function namedPort(pod: ApiObject | undefined, port: Json): unknown {
  const declared = records(at(pod?.["spec"], "containers")).flatMap((container) => records(container["ports"]));
  const match = declared.find(({ name, protocol }) => name === port["targetPort"] && protocol === port["protocol"]);
  return match?.["containerPort"];
}

function podReference(pod: ApiObject): Json {
  const { name, namespace, uid } = pod.metadata;
  return { kind: "Pod", namespace, name, uid };
}

/** `endpoints` of an EndpointSlice. */
export function sliceEndpoints(list: readonly Backend[]): Json[] {
  return list.map(({ pod, address, ready, serving, terminating }) => ({
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(at(pod["spec"], "nodeName") === undefined ? {} : { nodeName: at(pod["spec"], "nodeName") }),
    targetRef: podReference(pod),
  }));
}

/** `subsets` of a v1 Endpoints object. */
export function endpointSubsets(list: readonly Backend[], ports: readonly Json[]): Json[] {
  const address = ({ pod, address }: Backend): Json => ({
    ip: address,
    ...(at(pod["spec"], "nodeName") === undefined ? {} : { nodeName: at(pod["spec"], "nodeName") }),
    targetRef: podReference(pod),
  });
  const ready = list.filter((backend) => backend.ready).map(address);
  const notReady = list.filter((backend) => !backend.ready && !backend.terminating).map(address);
  if (ready.length === 0 && notReady.length === 0) return [];
  return [
    {
      ...(ready.length === 0 ? {} : { addresses: ready }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
      ports: ports.map(({ name, ...rest }) => (name === "" ? rest : { name, ...rest })),
    },
  ];
}
