import type { Json } from "./mutate.ts";

function object(name: string, spec: Json, more: { readonly [field: string]: Json } = {}): Json {
  const metadata = {
    name,
    namespace: "metallb-system",
    uid: `uid-${name}`,
    labels: { zone: "a" },
    resourceVersion: "7",
  };
  return { metadata, spec, ...more };
}

const selector: Json = {
  matchLabels: { zone: "a" },
  matchExpressions: [{ key: "rack", operator: "NotIn", values: ["1", "2"] }],
};

/** One object of each kind, by the name of its list in a configuration, with every field in use. All are valid together. */
export const CONFIG_SEEDS = {
  ipAddressPools: object("pool", {
    addresses: ["10.0.0.0/24", "10.0.2.0-10.0.2.17", "fd00::/64", "fd00:1::-fd00:1::ff"],
    autoAssign: true,
    avoidBuggyIPs: true,
    serviceAllocation: {
      priority: 3,
      namespaces: ["default"],
      namespaceSelectors: [selector],
      serviceSelectors: [{ matchLabels: { app: "web" } }],
    },
  }),
  l2Advertisements: object("l2", {
    ipAddressPools: ["pool"],
    ipAddressPoolSelectors: [selector],
    nodeSelectors: [selector],
    interfaces: ["eth0", "eth1"],
    serviceSelectors: [{ matchLabels: { app: "web" } }],
    preferredNodeSelectors: [{ weight: 10, preference: selector }],
  }),
  bgpAdvertisements: object("bgp", {
    aggregationLength: 32,
    aggregationLengthV6: 128,
    localPref: 100,
    communities: ["65000:100", "large:1:2:3", "near"],
    ipAddressPools: ["pool"],
    nodeSelectors: [selector],
    peers: ["peer"],
  }),
  bgpPeers: object("peer", {
    myASN: 64_512,
    peerASN: 64_513,
    peerAddress: "10.0.0.1",
    sourceAddress: "10.0.0.2",
    peerPort: 179,
    holdTime: "90s",
    keepaliveTime: "30s",
    connectTime: "10s",
    routerID: "10.0.0.2",
    nodeSelectors: [selector],
    password: "secret",
    bfdProfile: "bfd",
    ebgpMultiHop: true,
  }),
  bfdProfiles: object("bfd", {
    receiveInterval: 300,
    transmitInterval: 300,
    detectMultiplier: 3,
    echoInterval: 50,
    echoMode: false,
    passiveMode: true,
    minimumTtl: 254,
  }),
  communities: object("community", { communities: [{ name: "near", value: "65000:1" }] }),
} as const satisfies Readonly<Record<string, Json>>;

const status: Json = {
  loadBalancer: { ingress: [{ ip: "10.0.0.1", ipMode: "VIP" }, { ip: "fd00::1" }] },
  conditions: [
    { type: "metallb.io/Allocated", status: "True", reason: "Allocated", message: "", lastTransitionTime: "" },
  ],
};

/** Services that ask for something in every way there is. */
export const SERVICE_SEEDS: readonly Json[] = [
  { "metallb.io/loadBalancerIPs": "10.0.0.1,fd00::1", "metallb.io/allow-shared-ip": "key" },
  { "metallb.universe.tf/address-pool": "pool", "metallb.io/ip-allocated-from-pool": "pool" },
].map((annotations, i) => ({
  metadata: {
    name: `app-${i}`,
    namespace: "default",
    uid: `uid-${i}`,
    resourceVersion: "7",
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { app: "web" },
    annotations,
  },
  spec: {
    type: "LoadBalancer",
    clusterIP: "10.96.0.1",
    clusterIPs: ["10.96.0.1", "fd00:96::1"],
    ipFamilies: ["IPv4", "IPv6"],
    ipFamilyPolicy: "PreferDualStack",
    ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080 }],
    selector: { app: "web" },
    externalTrafficPolicy: "Local",
    ...(i === 0 ? {} : { loadBalancerIP: "10.0.0.3" }),
  },
  status,
}));
