import type { ServiceView } from "../../config/service.ts";
import { REQUEST_ANNOTATIONS } from "../../config/service.ts";
import type { AskedField } from "./service-explanation.ts";

/** What a Service asks for, each with where it says so. What it doesn't mention is left out. */
export function askedFields(service: ServiceView): readonly AskedField[] {
  const { ipFamilies, ipFamilyPolicy, ports, externalTrafficPolicy, loadBalancerClass, loadBalancerIP } = service;
  return [
    ...annotated(service, "addresses", "addresses"),
    ...field("addresses", loadBalancerIP, "spec.loadBalancerIP", true),
    ...annotated(service, "pool", "pool"),
    ...annotated(service, "sharing key", "sharingKey"),
    ...field(
      "families",
      [ipFamilies.join(" and "), ipFamilyPolicy].filter(Boolean).join(", "),
      "spec.ipFamilies, spec.ipFamilyPolicy",
    ),
    ...field("ports", ports.map(({ protocol, port }) => `${protocol}/${port}`).join(", "), "spec.ports"),
    ...field("traffic policy", trafficPolicy(externalTrafficPolicy, service.selector), "spec.externalTrafficPolicy"),
    ...field("class", loadBalancerClass ?? "", "spec.loadBalancerClass"),
  ];
}

function field(what: AskedField["what"], value: string, from: string, deprecated = false): readonly AskedField[] {
  return value === "" ? [] : [{ what, value, from, deprecated }];
}

function annotated(
  { annotations }: ServiceView,
  what: AskedField["what"],
  request: keyof typeof REQUEST_ANNOTATIONS,
): readonly AskedField[] {
  const { key, deprecated } = REQUEST_ANNOTATIONS[request];
  const used = key in annotations ? key : deprecated;
  return field(what, annotations[used] ?? "", `annotation ${used}`, used === deprecated);
}

/** With Local, whoever shares an address must select the same Pods. */
function trafficPolicy(policy: string, selector: Readonly<Record<string, string>>): string {
  if (policy !== "Local") return policy;
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  return `${policy}, Pods with ${labels.length === 0 ? "any labels" : labels.join(",")}`;
}
