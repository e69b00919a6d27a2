/** What docs/configure.md says beside the schemas: an introduction for each kind, and notes on fields. */

export interface KindText {
  readonly introduction: string;
  /** File with an example, below examples/kinds. Absent: users don't write this kind. */
  readonly example?: string;
  /** What counts when a field without a default is absent, by path below `spec`. */
  readonly absent?: Readonly<Record<string, string>>;
  /** What the description has no room for, by path below `spec`. */
  readonly notes?: Readonly<Record<string, string>>;
}

const EVERY_POOL = "every pool, unless there are selectors";
const EVERY_NODE = "every node";

/** Of fields that the reference lacks. */
const OURS = "Not in MetalLB, which ignores it.";

/** In the order of the page: first what every cluster needs. */
export const KIND_TEXTS: Readonly<Record<string, KindText>> = {
  IPAddressPool: {
    introduction: `The addresses that Services can get. A pool alone gives out addresses and announces nothing: it takes an
L2Advertisement or a BGPAdvertisement beside it. One pool may have addresses of both families; a dual-stack Service gets both
of its addresses from one pool. Pools must not overlap. How an address is chosen: [concepts](concepts.md#which-address).`,
    example: "ip-address-pool.yaml",
    absent: {
      serviceAllocation: "every Service may use the pool",
      "serviceAllocation.priority": "0: after all pools with a priority",
      "serviceAllocation.namespaces": "every namespace, unless there are selectors",
      "serviceAllocation.namespaceSelectors": "every namespace, unless some are named",
      "serviceAllocation.serviceSelectors": "every Service",
    },
    notes: {
      addresses: "A single address is a /32 or a /128.",
      autoAssign: "With `false`, Services must ask for the pool or for one of its addresses.",
      avoidBuggyIPs: "IPv6 addresses are never left out.",
      "serviceAllocation.namespaces": "Together with `namespaceSelectors`: namespaces that one of the two has.",
      "serviceAllocation.serviceSelectors": "Counts beside the namespaces: the Service must be right in both.",
    },
  },
  L2Advertisement: {
    introduction: `Lets one node at a time answer for each address of the pools, with ARP (IPv4) and neighbour discovery (IPv6). What
this means for traffic and fail-over: [concepts](concepts.md#layer-2). Several advertisements for one pool add up.`,
    example: "l2-advertisement.yaml",
    absent: {
      ipAddressPools: EVERY_POOL,
      ipAddressPoolSelectors: "every pool, unless some are named",
      nodeSelectors: EVERY_NODE,
      interfaces: "every interface that is not [excluded](usage.md#nodes-and-interfaces)",
      serviceSelectors: "every Service of the pools",
      preferredNodeSelectors: "no node is preferred",
      gratuitousInterval: "60s",
    },
    notes: {
      interfaces: "Does not count when the owner is chosen: an owner without such an interface says so in an event.",
      serviceSelectors: "Not for Services that may share their address; they are not announced then.",
      gratuitousInterval: OURS,
    },
  },
  BGPPeer: {
    introduction: `A router with which each selected node has a BGP session. Sessions, timers, reasons and what a change does to a session:
[bgp.md](bgp.md). Write version \`v1beta2\`; \`v1beta1\` is deprecated and has [fewer fields](#bgppeer-v1beta1).`,
    example: "bgp-peer.yaml",
    absent: {
      peerASN: "needed, unless `dynamicASN` is set",
      dynamicASN: "needed, unless `peerASN` is set",
      password: "none",
      passwordSecret: "none",
      bfdProfile: "none",
      enableGracefulRestart: "false",
      localASN: "`myASN`",
      peerAddress: "needed, unless `interface` is set",
      interface: "needed, unless `peerAddress` is set",
      sourceAddress: "the kernel chooses",
      holdTime: "90s, or three times `keepaliveTime`",
      keepaliveTime: "a third of `holdTime`",
      connectTime: "10s",
      routerID: "the node's IPv4 address, or a number made of its name",
      nodeSelectors: EVERY_NODE,
      ebgpMultiHop: "false",
      passive: "false",
      ttlSecurity: "false",
      maximumPrefixes: "2,000,000 of each family",
      vrf: "the node's main routing table",
    },
    notes: {
      peerAddress: "A link-local address has a zone, as `fe80::1%eth0`.",
      interface: "**Not in effect yet:** a peer that has only an interface is accepted, and has no session.",
      bfdProfile: "**Not in effect yet:** it is checked, and no BFD session is begun.",
      enableGracefulRestart: "**Not in effect yet:** the peer drops our routes when the speaker ends.",
      ebgpMultiHop: "Packets leave with the kernel's usual TTL with and without it.",
      vrf: "Sockets are bound to the device. The suite does not run it on a kernel with VRFs.",
      password: "At most 80 bytes. Whoever may read BGPPeers can read it: prefer `passwordSecret`.",
      passwordSecret:
        "In the BGPPeer's namespace, with text under the key `password`. If the chart's `rbac.bgpPasswordSecrets` is set, its name is there, too.",
      passive: OURS,
      ttlSecurity: OURS,
      maximumPrefixes: OURS,
    },
  },
  BGPAdvertisement: {
    introduction: `Announces the addresses of pools to peers as routes. Which nodes announce, and what several advertisements make of one
route: [bgp.md](bgp.md#from-services-to-routes).`,
    example: "bgp-advertisement.yaml",
    absent: {
      localPref: "internal peers are sent 100",
      communities: "none",
      ipAddressPools: EVERY_POOL,
      ipAddressPoolSelectors: "every pool, unless some are named",
      nodeSelectors: EVERY_NODE,
      peers: "every peer",
      serviceSelectors: "every Service of the pools",
      med: "none is sent",
      asPathPrepend: "0",
      extendedCommunities: "none",
      ipFamilies: "both",
      weightByEndpoints: "false",
    },
    notes: {
      communities:
        "Names of registered communities work, too: `no-export`, `no-advertise`, `no-export-subconfed`, `no-peer`, `blackhole`, `graceful-shutdown`.",
      peers: "Names without a BGPPeer are allowed: it may come later.",
      localPref: "External peers are never sent one. 0 counts as absent.",
      med: OURS,
      asPathPrepend: OURS,
      extendedCommunities: OURS,
      ipFamilies: OURS,
      weightByEndpoints: `${OURS} See [bgp.md](bgp.md#endpoint-weighted-ecmp).`,
    },
  },
  Community: {
    introduction: `Names for BGP communities, which BGPAdvertisements may use in place of the numbers. A name is defined once in all
Community objects together.`,
    example: "community.yaml",
  },
  BFDProfile: {
    introduction: `How a path to a peer is to be watched with BFD. **Not in effect yet:** profiles are accepted and checked so that your
manifests work, and no BFD session is begun. A profile that a BGPPeer names can't be deleted while the webhook is on.`,
    example: "bfd-profile.yaml",
    absent: {
      receiveInterval: "300",
      transmitInterval: "300",
      detectMultiplier: "3",
      echoInterval: "50",
      echoMode: "false",
      passiveMode: "false",
      minimumTtl: "254",
    },
  },
  ServiceL2Status: {
    introduction: `Which node announces a Service on layer 2. Written by the speakers, one object for each Service, with labels
\`metallb.io/service-name\`, \`metallb.io/service-namespace\` and \`metallb.io/node\`. A speaker that can't be sure of itself takes
its own away.`,
  },
  ServiceBGPStatus: {
    introduction: `To which peers a node announces a Service with BGP. Written by the speakers, one object for each Service and node, with the
same labels. It says to whom the routes are meant to go; whether a session stands, \`bgpsessionstates\` and \`metallb bgp peers\` say.`,
  },
  BGPSessionState: {
    introduction: `How the session of a node with a peer is, since when, and why it is down. Written by the speakers; labels \`metallb.io/node\`,
\`metallb.io/peer\` and \`metallb.io/vrf\`. MetalLB has no such kind; frr-k8s has one with a similar status in its own group.`,
  },
  ConfigurationState: {
    introduction: `Whether the controller, and the speaker of each node, use the configuration as it is. Written by them: \`controller\` and
\`speaker-NODE\`. While one says \`Invalid\`, it goes on with what was valid before.`,
  },
};
