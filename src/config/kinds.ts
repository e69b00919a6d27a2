import type { ResourceType } from "../ports/kube.ts";

function core(plural: string, kind: string, namespaced = true): ResourceType {
  return { group: "", version: "v1", plural, kind, namespaced };
}

function cluster(group: string, plural: string, kind: string): ResourceType {
  return { group, version: "v1", plural, kind, namespaced: false };
}

function metallb(plural: string, kind: string, version = "v1beta1"): ResourceType {
  return { group: "metallb.io", version, plural, kind, namespaced: true };
}

/** Every Kubernetes kind that the controller or the speaker reads or writes. */
export const KINDS = {
  Service: core("services", "Service"),
  Namespace: core("namespaces", "Namespace", false),
  Node: core("nodes", "Node", false),
  Pod: core("pods", "Pod"),
  Event: core("events", "Event"),
  Secret: core("secrets", "Secret"),
  Deployment: { group: "apps", version: "v1", plural: "deployments", kind: "Deployment", namespaced: true },
  EndpointSlice: {
    group: "discovery.k8s.io",
    version: "v1",
    plural: "endpointslices",
    kind: "EndpointSlice",
    namespaced: true,
  },
  ValidatingWebhookConfiguration: cluster(
    "admissionregistration.k8s.io",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
  ),
  CustomResourceDefinition: cluster("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition"),
  IPAddressPool: metallb("ipaddresspools", "IPAddressPool"),
  L2Advertisement: metallb("l2advertisements", "L2Advertisement"),
  BGPAdvertisement: metallb("bgpadvertisements", "BGPAdvertisement"),
  BGPPeer: metallb("bgppeers", "BGPPeer", "v1beta2"),
  BFDProfile: metallb("bfdprofiles", "BFDProfile"),
  Community: metallb("communities", "Community"),
  ServiceL2Status: metallb("servicel2statuses", "ServiceL2Status"),
  ServiceBGPStatus: metallb("servicebgpstatuses", "ServiceBGPStatus"),
  BGPSessionState: metallb("bgpsessionstates", "BGPSessionState"),
  ConfigurationState: metallb("configurationstates", "ConfigurationState"),
} as const satisfies Readonly<Record<string, ResourceType>>;
