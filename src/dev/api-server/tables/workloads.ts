import type { ApiObject, Json } from "../objects.ts";
import { at, record, records, text } from "../objects.ts";
import type { Cell, TablePrinter } from "./columns.ts";
import { NAME, age, column, labelsText } from "./columns.ts";

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function containers(object: ApiObject): readonly [names: string, images: string] {
  const all = records(at(object["spec"], "template", "spec", "containers"));
  const join = (key: string): string => all.map((container) => text(container[key])).join(",");
  return [join("name"), join("image")];
}

function podStatus(object: ApiObject, statuses: readonly Json[]): string {
  if (object.metadata.deletionTimestamp !== undefined) return "Terminating";
  const waiting = statuses.map((status) => text(at(status["state"], "waiting", "reason"))).find((r) => r !== "");
  return waiting ?? (text(at(object["status"], "reason")) || text(at(object["status"], "phase")) || "Unknown");
}

export const PODS: TablePrinter = {
  columns: [
    NAME,
    column("Ready"),
    column("Status"),
    column("Restarts"),
    column("Age"),
    column("IP", { wide: true }),
    column("Node", { wide: true }),
    column("Nominated Node", { wide: true }),
    column("Readiness Gates", { wide: true }),
  ],
  cells: (object, wallTime) => {
    const status = record(object["status"]);
    const spec = record(object["spec"]);
    const statuses = records(status["containerStatuses"]);
    const ready = statuses.filter((container) => container["ready"] === true).length;
    const restarts = statuses.reduce((sum, container) => sum + count(container["restartCount"]), 0);
    return [
      object.metadata.name,
      `${ready}/${records(spec["containers"]).length}`,
      podStatus(object, statuses),
      String(restarts),
      age(object, wallTime),
      text(status["podIP"]) || "<none>",
      text(spec["nodeName"]) || "<none>",
      text(status["nominatedNodeName"]) || "<none>",
      "<none>",
    ];
  },
};

export const DEPLOYMENTS: TablePrinter = {
  columns: [
    NAME,
    column("Ready"),
    column("Up-to-date", { type: "integer" }),
    column("Available", { type: "integer" }),
    column("Age"),
    column("Containers", { wide: true }),
    column("Images", { wide: true }),
    column("Selector", { wide: true }),
  ],
  cells: (object, wallTime) => {
    const status = record(object["status"]);
    const [names, images] = containers(object);
    return [
      object.metadata.name,
      `${count(status["readyReplicas"])}/${count(at(object["spec"], "replicas"))}`,
      count(status["updatedReplicas"]),
      count(status["availableReplicas"]),
      age(object, wallTime),
      names,
      images,
      labelsText(at(object["spec"], "selector", "matchLabels")),
    ];
  },
};

export const REPLICA_SETS: TablePrinter = {
  columns: [
    NAME,
    ...["Desired", "Current", "Ready"].map((name) => column(name, { type: "integer" })),
    column("Age"),
    column("Containers", { wide: true }),
    column("Images", { wide: true }),
    column("Selector", { wide: true }),
  ],
  cells: (object, wallTime) => [
    object.metadata.name,
    count(at(object["spec"], "replicas")),
    count(at(object["status"], "replicas")),
    count(at(object["status"], "readyReplicas")),
    age(object, wallTime),
    ...containers(object),
    labelsText(at(object["spec"], "selector", "matchLabels")),
  ],
};

const DAEMON_COUNTS = [
  "desiredNumberScheduled",
  "currentNumberScheduled",
  "numberReady",
  "updatedNumberScheduled",
  "numberAvailable",
] as const;

export const DAEMON_SETS: TablePrinter = {
  columns: [
    NAME,
    ...["Desired", "Current", "Ready", "Up-to-date", "Available"].map((name) => column(name, { type: "integer" })),
    column("Node Selector"),
    column("Age"),
    column("Containers", { wide: true }),
    column("Images", { wide: true }),
    column("Selector", { wide: true }),
  ],
  cells: (object, wallTime): Cell[] => {
    const status = record(object["status"]);
    return [
      object.metadata.name,
      ...DAEMON_COUNTS.map((field) => count(status[field])),
      labelsText(at(object["spec"], "template", "spec", "nodeSelector")),
      age(object, wallTime),
      ...containers(object),
      labelsText(at(object["spec"], "selector", "matchLabels")),
    ];
  },
};
