import type { Duplex } from "node:stream";
import { at, records, strings, text } from "../objects.ts";
import type { Storage } from "../storage.ts";
import type { DialPod } from "../subresources/pod-proxy.ts";

interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Opens a connection to one of a Service's endpoints. Rejects with an Error in the words of a real API server. */
export type DialService = (service: ServicePort) => Promise<Duplex>;

const SLICES = "endpointslices.discovery.k8s.io";

/** Dials a ready endpoint of a Service, as an API server does that has no kube-proxy beside it. */
export function serviceDialer(storage: Storage, dialPod: DialPod): DialService {
  return async (wanted) => {
    const endpoint = readyEndpoint(storage, wanted);
    if (endpoint !== undefined) return await dialPod(endpoint);
    throw new Error(`no endpoints available for service ${JSON.stringify(wanted.name)}`);
  };
}

function readyEndpoint(
  storage: Storage,
  { namespace, name, port }: ServicePort,
): { readonly host: string; readonly port: number } | undefined {
  const service = storage.get("services", namespace, name);
  if (service === undefined) throw new Error(`service ${JSON.stringify(name)} not found`);
  const portName = records(at(service["spec"], "ports")).find((one) => one["port"] === port)?.["name"];
  const slices = storage
    .list(SLICES, namespace)
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name);
  for (const slice of slices) {
    const target = records(slice["ports"]).find((one) => text(one["name"]) === text(portName))?.["port"];
    const ready = records(slice["endpoints"]).find(({ conditions }) => at(conditions, "ready") === true);
    const host = strings(ready?.["addresses"])[0];
    if (typeof target === "number" && host !== undefined) return { host, port: target };
  }
  return undefined;
}
