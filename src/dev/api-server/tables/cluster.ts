import type { ApiObject } from "../objects.ts";
import { at, record, records, text } from "../objects.ts";
import type { TablePrinter } from "./columns.ts";
import { NAME, age, column } from "./columns.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";

function nodeStatus(object: ApiObject): string {
  const ready = records(at(object["status"], "conditions")).find((condition) => condition["type"] === "Ready");
  const state = ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady";
  return at(object["spec"], "unschedulable") === true ? `${state},SchedulingDisabled` : state;
}

function nodeAddress(object: ApiObject, type: string): string {
  const found = records(at(object["status"], "addresses")).find((address) => address["type"] === type);
  return text(found?.["address"]) || "<none>";
}

export const NODES: TablePrinter = {
  columns: [
    NAME,
    column("Status"),
    column("Roles"),
    column("Age"),
    column("Version"),
    column("Internal-IP", { wide: true }),
    column("External-IP", { wide: true }),
    column("OS-Image", { wide: true }),
    column("Kernel-Version", { wide: true }),
    column("Container-Runtime", { wide: true }),
  ],
  cells: (object, wallTime) => {
    const roles = Object.keys(object.metadata.labels ?? {})
      .filter((label) => label.startsWith(ROLE_PREFIX))
      .map((label) => label.slice(ROLE_PREFIX.length));
    const info = record(at(object["status"], "nodeInfo"));
    return [
      object.metadata.name,
      nodeStatus(object),
      roles.length === 0 ? "<none>" : roles.sort().join(","),
      age(object, wallTime),
      text(info["kubeletVersion"]),
      nodeAddress(object, "InternalIP"),
      nodeAddress(object, "ExternalIP"),
      text(info["osImage"]) || "<unknown>",
      text(info["kernelVersion"]) || "<unknown>",
      text(info["containerRuntimeVersion"]) || "<unknown>",
    ];
  },
};

export const NAMESPACES: TablePrinter = {
  columns: [NAME, column("Status"), column("Age")],
  cells: (object, wallTime) => [object.metadata.name, text(at(object["status"], "phase")), age(object, wallTime)],
};

export const LEASES: TablePrinter = {
  columns: [NAME, column("Holder"), column("Age")],
  cells: (object, wallTime) => [
    object.metadata.name,
    text(at(object["spec"], "holderIdentity")),
    age(object, wallTime),
  ],
};

export const CUSTOM_RESOURCE_DEFINITIONS: TablePrinter = {
  columns: [NAME, column("Created At", { type: "date" })],
  cells: (object) => [object.metadata.name, object.metadata.creationTimestamp ?? null],
};

export const WEBHOOK_CONFIGURATIONS: TablePrinter = {
  columns: [NAME, column("Webhooks", { type: "integer" }), column("Age")],
  cells: (object, wallTime) => [object.metadata.name, records(object["webhooks"]).length, age(object, wallTime)],
};

export const SECRETS: TablePrinter = {
  columns: [NAME, column("Type"), column("Data", { type: "integer" }), column("Age")],
  cells: (object, wallTime) => [
    object.metadata.name,
    text(object["type"]),
    Object.keys(record(object["data"])).length,
    age(object, wallTime),
  ],
};

export const CONFIG_MAPS: TablePrinter = {
  columns: [NAME, column("Data", { type: "integer" }), column("Age")],
  cells: (object, wallTime) => {
    const entries = { ...record(object["data"]), ...record(object["binaryData"]) };
    return [object.metadata.name, Object.keys(entries).length, age(object, wallTime)];
  },
};

/** Kinds without a table of their own. */
export const PLAIN: TablePrinter = {
  columns: [NAME, column("Age")],
  cells: (object, wallTime) => [object.metadata.name, age(object, wallTime)],
};
