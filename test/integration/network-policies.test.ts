import { describe, expect, test } from "vitest";
import { type Manifest, manifestOf, renderChart } from "../support/helm.ts";

interface Policy {
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly policyTypes: readonly string[];
  readonly ingress: readonly PolicyRule[];
  readonly egress: readonly PolicyRule[];
}

interface PolicyRule {
  readonly ports: readonly { readonly protocol: string; readonly port: string | number }[];
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly containers: readonly {
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    }[];
  };
}

interface Rendered {
  readonly manifests: readonly Manifest[];
  /** Of the controller. */
  readonly policy: Policy;
  readonly controller: PodTemplate;
}

function render(values: object, policies: object = {}): Rendered {
  const manifests = renderChart({ values: { ...values, networkpolicies: { enabled: true, ...policies } } });
  return {
    manifests,
    policy: manifestOf(manifests, "NetworkPolicy", "controller")["spec"] as Policy,
    controller: manifestOf(manifests, "Deployment", "metallb-controller")["spec"]["template"] as PodTemplate,
  };
}

function portsOf({ spec }: PodTemplate): readonly { readonly name: string; readonly containerPort: number }[] {
  return spec.containers.flatMap(({ ports }) => ports);
}

/** Ports that anybody may reach. A rule without `from` admits every peer, of either family. */
function reachable({ ingress }: Policy, pod: PodTemplate): readonly number[] {
  return ingress.flatMap((rule) => {
    expect(Object.keys(rule)).toEqual(["ports"]);
    return rule.ports.map(({ protocol, port }) => {
      expect(protocol).toBe("TCP");
      return typeof port === "number" ? port : portsOf(pod).find(({ name }) => name === port)!.containerPort;
    });
  });
}

describe("NetworkPolicies", () => {
  test("are not there unless they are asked for", () => {
    expect(renderChart().filter(({ kind }) => kind === "NetworkPolicy")).toEqual([]);
  });

  test.each([
    { name: "as it comes", values: {}, ports: [9120, 9443] },
    { name: "another metrics port", values: { prometheus: { metricsPort: 7472 } }, ports: [7472, 9443] },
    { name: "without webhooks", values: { controller: { webhookMode: "disabled" } }, ports: [9120] },
    { name: "only webhooks", values: { controller: { webhookMode: "onlywebhook" } }, ports: [9120, 9443] },
  ])("let the controller serve what its Pod offers to others, and nothing else: $name", ({ values, ports }) => {
    const { policy, controller } = render(values);
    expect(controller.metadata.labels).toMatchObject(policy.podSelector.matchLabels);
    expect(policy.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(reachable(policy, controller)).toEqual(ports);
    expect(portsOf(controller).map(({ containerPort }) => containerPort)).toEqual(ports);
  });

  test("let webhooks through the Service that the API server asks", () => {
    const { policy, controller, manifests } = render({});
    const [port] = manifestOf(manifests, "Service", "metallb-webhook-service")["spec"]["ports"];
    expect(reachable(policy, controller)).toContain(port.targetPort);
  });

  test("let the controller ask the API server, and nobody else", () => {
    expect(render({}).policy.egress).toEqual([{ ports: [{ protocol: "TCP", port: 6443 }] }]);
    expect(render({}, { apiPort: 443 }).policy.egress).toEqual([{ ports: [{ protocol: "TCP", port: 443 }] }]);
  });

  test("select no speaker: those are on the network of their nodes", () => {
    const { policy, manifests } = render({});
    const speaker = manifestOf(manifests, "DaemonSet", "metallb-speaker")["spec"]["template"] as PodTemplate;
    expect(speaker.spec.hostNetwork).toBe(true);
    expect(speaker.metadata.labels).not.toMatchObject(policy.podSelector.matchLabels);
  });

  test("forbid everything else to everybody only when that is asked for", () => {
    const names = (policies: object) =>
      render({}, policies)
        .manifests.filter(({ kind }) => kind === "NetworkPolicy")
        .map(({ metadata }) => metadata.name);
    expect(names({})).toEqual(["controller"]);
    expect(names({ defaultDeny: true }).toSorted()).toEqual(["controller", "default-deny"]);
    const { manifests } = render({}, { defaultDeny: true });
    expect(manifestOf(manifests, "NetworkPolicy", "default-deny")["spec"]).toEqual({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    });
  });
});
