import { duplicateValue, forbiddenValue, invalidValue, requiredValue, unsupportedValue } from "../../field-errors.ts";
import { dnsLabel, portName } from "../../names.ts";
import type { Json } from "../../objects.ts";
import { text } from "../../objects.ts";
import type { FieldError } from "../../status.ts";
import { isHeadless, portsOf } from "./fields.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"] as const;
const KUBELET_PORT = 10_250;
const PORT_RANGE = "must be between 1 and 65535, inclusive";

function isPort(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function validateName(port: Json, path: string, several: boolean): FieldError[] {
  const { name } = port;
  if (typeof name === "string" && name !== "")
    return dnsLabel(name).map((why) => invalidValue(`${path}.name`, name, why));
  return several ? [requiredValue(`${path}.name`)] : [];
}

function validateTarget(targetPort: unknown, path: string): FieldError[] {
  if (typeof targetPort === "string") {
    return portName(targetPort).map((why) => invalidValue(`${path}.targetPort`, targetPort, why));
  }
  return isPort(targetPort) ? [] : [invalidValue(`${path}.targetPort`, targetPort ?? 0, PORT_RANGE)];
}

function validateNodePort(spec: Json, nodePort: unknown, path: string): FieldError[] {
  const internal = spec["type"] === "ClusterIP" || spec["type"] === "ExternalName";
  if (!internal || nodePort === undefined || nodePort === 0) return [];
  return [forbiddenValue(`${path}.nodePort`, `may not be used when \`type\` is '${String(spec["type"])}'`)];
}

function validatePort(spec: Json, port: Json, path: string, several: boolean): FieldError[] {
  const { port: number, protocol } = port;
  const errors = validateName(port, path, several);
  if (!isPort(number)) errors.push(invalidValue(`${path}.port`, number ?? 0, PORT_RANGE));
  if (!PROTOCOLS.some((known) => known === protocol)) {
    errors.push(unsupportedValue(`${path}.protocol`, protocol, PROTOCOLS));
  }
  errors.push(...validateTarget(port["targetPort"], path));
  if (spec["type"] === "LoadBalancer" && number === KUBELET_PORT) {
    const why = "may not expose port 10250 externally since it is used by kubelet";
    errors.push(invalidValue(`${path}.port`, number, why));
  }
  return [...errors, ...validateNodePort(spec, port["nodePort"], path)];
}

/** Reports every port that repeats what an earlier one has. */
function duplicates(
  ports: readonly Json[],
  id: (port: Json) => unknown,
  report: (i: number) => FieldError,
): FieldError[] {
  const seen = new Set<unknown>();
  return ports.flatMap((port, i) => {
    const key = id(port);
    if (key === undefined) return [];
    if (seen.has(key)) return [report(i)];
    seen.add(key);
    return [];
  });
}

/** Rules for `spec.ports` of a Service. */
export function validatePorts(spec: Json): FieldError[] {
  const ports = portsOf(spec);
  if (ports.length === 0) {
    return isHeadless(spec) || spec["type"] === "ExternalName" ? [] : [requiredValue("spec.ports")];
  }
  return [
    ...ports.flatMap((port, i) => validatePort(spec, port, `spec.ports[${i}]`, ports.length > 1)),
    ...duplicates(
      ports,
      ({ name }) => (name === "" ? undefined : name),
      (i) => duplicateValue(`spec.ports[${i}].name`, ports[i]!["name"]),
    ),
    ...duplicates(
      ports,
      ({ port, protocol }) => `${text(port)}/${text(protocol)}`,
      (i) => duplicateValue(`spec.ports[${i}]`, { port: ports[i]!["port"], protocol: ports[i]!["protocol"] }),
    ),
    ...duplicates(
      ports,
      ({ nodePort, protocol }) =>
        nodePort === undefined || nodePort === 0 ? undefined : `${text(nodePort)}/${text(protocol)}`,
      (i) => duplicateValue(`spec.ports[${i}].nodePort`, ports[i]!["nodePort"]),
    ),
  ];
}
