import type { ApiObject, Json } from "../objects.ts";
import { at, record, records, text } from "../objects.ts";
import type { TablePrinter } from "./columns.ts";
import { NAME, age, column, firstFew, labelsText } from "./columns.ts";

function servicePorts(spec: Json): string {
  const ports = records(spec["ports"]).map(({ port, nodePort, protocol }) => {
    const node = nodePort === undefined || nodePort === 0 ? "" : `:${text(nodePort)}`;
    return `${text(port)}${node}/${text(protocol)}`;
  });
  return ports.length === 0 ? "<none>" : ports.join(",");
}

function externalAddresses(object: ApiObject, spec: Json): string {
  const fixed = Array.isArray(spec["externalIPs"]) ? (spec["externalIPs"] as string[]) : [];
  if (spec["type"] === "ExternalName") return text(spec["externalName"]);
  if (spec["type"] !== "LoadBalancer") return fixed.length === 0 ? "<none>" : fixed.join(",");
  const ingress = records(at(object["status"], "loadBalancer", "ingress"));
  const assigned = ingress.map(({ ip, hostname }) => text(ip) || text(hostname));
  const all = [...assigned, ...fixed];
  return all.length === 0 ? "<pending>" : all.join(",");
}

export const SERVICES: TablePrinter = {
  columns: [
    NAME,
    column("Type"),
    column("Cluster-IP"),
    column("External-IP"),
    column("Port(s)"),
    column("Age"),
    column("Selector", { wide: true }),
  ],
  cells: (object, wallTime) => {
    const spec = record(object["spec"]);
    return [
      object.metadata.name,
      text(spec["type"]),
      text(spec["clusterIP"]) || "<none>",
      externalAddresses(object, spec),
      servicePorts(spec),
      age(object, wallTime),
      labelsText(spec["selector"]),
    ];
  },
};

function endpointsText(object: ApiObject): string {
  const all = records(object["subsets"]).flatMap((subset) =>
    records(subset["addresses"]).flatMap(({ ip }) => {
      const host = text(ip).includes(":") ? `[${text(ip)}]` : text(ip);
      const ports = records(subset["ports"]);
      return ports.length === 0 ? [text(ip)] : ports.map(({ port }) => `${host}:${text(port)}`);
    }),
  );
  return firstFew(all, 3);
}

export const ENDPOINTS: TablePrinter = {
  columns: [NAME, column("Endpoints"), column("Age")],
  cells: (object, wallTime) => [object.metadata.name, endpointsText(object), age(object, wallTime)],
};

export const ENDPOINT_SLICES: TablePrinter = {
  columns: [NAME, column("AddressType"), column("Ports"), column("Endpoints"), column("Age")],
  cells: (object, wallTime) => {
    const ports = records(object["ports"]).map(({ port }) => text(port) || "*");
    const addresses = records(object["endpoints"]).flatMap((endpoint) => endpoint["addresses"] as string[]);
    return [
      object.metadata.name,
      text(object["addressType"]),
      ports.length === 0 ? "<unset>" : firstFew(ports, 3),
      addresses.length === 0 ? "<unset>" : firstFew(addresses, 3),
      age(object, wallTime),
    ];
  },
};
