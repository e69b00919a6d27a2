import type { ServedResource } from "../resources.ts";
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  LEASES,
  NAMESPACES,
  NODES,
  PLAIN,
  SECRETS,
  WEBHOOK_CONFIGURATIONS,
} from "./cluster.ts";
import type { TablePrinter } from "./columns.ts";
import { customTable } from "./custom.ts";
import { EVENTS } from "./events.ts";
import { ENDPOINTS, ENDPOINT_SLICES, SERVICES } from "./network.ts";
import { DAEMON_SETS, DEPLOYMENTS, PODS, REPLICA_SETS } from "./workloads.ts";

const PRINTERS: Readonly<Record<string, TablePrinter>> = {
  configmaps: CONFIG_MAPS,
  customresourcedefinitions: CUSTOM_RESOURCE_DEFINITIONS,
  daemonsets: DAEMON_SETS,
  deployments: DEPLOYMENTS,
  endpoints: ENDPOINTS,
  endpointslices: ENDPOINT_SLICES,
  events: EVENTS,
  leases: LEASES,
  mutatingwebhookconfigurations: WEBHOOK_CONFIGURATIONS,
  namespaces: NAMESPACES,
  nodes: NODES,
  pods: PODS,
  replicasets: REPLICA_SETS,
  secrets: SECRETS,
  services: SERVICES,
  validatingwebhookconfigurations: WEBHOOK_CONFIGURATIONS,
};

/** Printers of custom resources, made once for each state of their definition. */
const CUSTOM = new WeakMap<ServedResource, TablePrinter>();

function customPrinter(resource: ServedResource): TablePrinter {
  let printer = CUSTOM.get(resource);
  if (printer === undefined) CUSTOM.set(resource, (printer = customTable(resource.printerColumns)));
  return printer;
}

/** How a resource is printed by `kubectl get`. */
export function printerOf(resource: ServedResource): TablePrinter {
  return resource.custom ? customPrinter(resource) : (PRINTERS[resource.plural] ?? PLAIN);
}
