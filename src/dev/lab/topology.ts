/** A network namespace of the lab that is plugged into the switch. */
export interface Station {
  readonly name: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string;
  /** What its interface calls itself by its MAC address (RFC 4291 §2.5.6). */
  readonly linkLocal: string;
}

/** A machine that runs a speaker and pods. */
export interface LabNode extends Station {
  /** Pods of this node get addresses in these; the other stations route them to the node. */
  readonly podCidrs: { readonly ipv4: string; readonly ipv6: string };
}

/** The namespace that holds the bridge, and the address at which the API server is reached from inside the lab. */
export const SWITCH = {
  name: "switch",
  /** A bridge without one of its own takes the lowest of its ports', and loses its neighbours when another is plugged in. */
  mac: "02:00:00:00:00:fe",
  ipv4: "192.168.1.254",
  ipv6: "fd00:192:168:1::254",
  apiPort: 6443,
} as const;

/** The machine outside the cluster that uses its Services. */
export const CLIENT: Station = station("client", 2);

export const NODES: readonly LabNode[] = [1, 2, 3].map((n) => ({
  ...station(`node-${n}`, 10 + n),
  podCidrs: { ipv4: `10.244.${n}.0/24`, ipv6: `fd00:10:244:${n}::/64` },
}));

/** A router that connects the LAN with another network. It is there from when `routerScript` has run. */
export const ROUTER: Station = station("router", 1);

/** The network behind the router, and a machine in it: the other end of its cable is the router's `remote`. */
export const REMOTE = {
  name: "remote",
  mac: "02:00:00:00:01:02",
  ipv4: "198.51.100.2",
  ipv6: "2001:db8:198:51::2",
  gateway: { ipv4: "198.51.100.1", ipv6: "2001:db8:198:51::1" },
} as const;

export const STATIONS: readonly Station[] = [...NODES, CLIENT];

/** Pods with programs that a node can have beside those on its own network. */
const PODS_OF_A_NODE = 10;

/** The places on the LAN for a node's Pods with programs: they are plugged into the switch as machines are. */
export function podStations(node: LabNode): Station[] {
  const first = 20 + PODS_OF_A_NODE * NODES.indexOf(node);
  return Array.from({ length: PODS_OF_A_NODE }, (_, n) => station(`pod-${first + n}`, first + n));
}

/** Shell lines that plug a new Pod in. */
export function podScript(station: Station): string[] {
  return [
    `ip netns add ${station.name}`,
    ...sysctls(station.name, QUIET),
    ...plug(station),
    ...NODES.flatMap((node) => podRoutesFrom(station.name, node)),
  ];
}

/** Last octets in hexadecimal and decimal agree, so that a MAC address tells its station: …:00:11 is node-1, .11. */
function station(name: string, host: number): Station {
  const digits = String(host).padStart(2, "0");
  return {
    name,
    mac: `02:00:00:00:00:${digits}`,
    ipv4: `192.168.1.${host}`,
    ipv6: `fd00:192:168:1::${host}`,
    linkLocal: `fe80::ff:fe00:${Number.parseInt(digits, 16).toString(16)}`,
  };
}

/** The address of the n-th pod (from 1) in a pod CIDR of `podCidrs`. */
export function podAddress(cidr: string, n: number): string {
  const network = cidr.split("/")[0]!;
  return network.includes(":") ? `${network}${(n + 1).toString(16)}` : network.replace(/0$/, String(n + 1));
}

/**
 * Shell lines that build the network, in order. Nodes have the settings of kube-proxy's IPVS mode with strict ARP:
 * a service address lives on `lo`, and ARP requests are answered only for addresses of the interface they came in on
 * (`arp_ignore=1`), so that only the speaker speaks for it. IPv6 needs no such setting: Linux answers neighbour
 * solicitations only for addresses of the interface they came in on.
 */
export function topologyScript(): string[] {
  return [
    ...[SWITCH, ...STATIONS].flatMap(({ name }) => [`ip netns add ${name}`, ...sysctls(name, QUIET)]),
    `ip -n ${SWITCH.name} link set lo up`,
    `ip -n ${SWITCH.name} link add br0 address ${SWITCH.mac} type bridge mcast_snooping 0`,
    ...addressLines(SWITCH.name, "br0", SWITCH),
    `ip -n ${SWITCH.name} link set br0 up`,
    ...STATIONS.flatMap(plug),
    ...NODES.flatMap(({ name }) => sysctls(name, STRICT_ARP)),
    ...NODES.flatMap(podRoutes),
  ];
}

/** Shell lines that add the router and the machine behind it, which the nodes reach through the router. */
export function routerScript(nodes: readonly LabNode[]): string[] {
  const { name, mac, gateway } = REMOTE;
  return [
    ...[ROUTER, REMOTE].flatMap((station) => [`ip netns add ${station.name}`, ...sysctls(station.name, QUIET)]),
    ...sysctls(ROUTER.name, FORWARDING),
    ...plug(ROUTER),
    `ip link add ${name} netns ${ROUTER.name} type veth peer name eth0 address ${mac} netns ${name}`,
    ...addressLines(ROUTER.name, name, gateway),
    ...addressLines(name, "eth0", REMOTE),
    `ip -n ${ROUTER.name} link set ${name} up`,
    `ip -n ${name} link set lo up`,
    `ip -n ${name} link set eth0 up`,
    `ip -n ${name} route add default via ${gateway.ipv4}`,
    `ip -n ${name} route add default via ${gateway.ipv6}`,
    ...nodes.flatMap((node) => [
      `ip -n ${node.name} route add 198.51.100.0/24 via ${ROUTER.ipv4}`,
      `ip -n ${node.name} route add 2001:db8:198:51::/64 via ${ROUTER.ipv6}`,
    ]),
  ];
}

/** Of several next hops, ports choose as well as addresses: each connection may go another way. */
const FORWARDING: Readonly<Record<string, number>> = {
  "ipv4/ip_forward": 1,
  "ipv6/conf/all/forwarding": 1,
  "ipv4/fib_multipath_hash_policy": 1,
  "ipv6/fib_multipath_hash_policy": 1,
};

/** No router is there to be solicited, and addresses are unique by construction: nothing waits for DAD. */
const QUIET: Readonly<Record<string, number>> = {
  "ipv6/conf/default/accept_ra": 0,
  "ipv6/conf/default/accept_dad": 0,
  "ipv6/conf/default/router_solicitations": 0,
};

const STRICT_ARP: Readonly<Record<string, number>> = {
  "ipv4/conf/all/arp_ignore": 1,
  "ipv4/conf/all/arp_announce": 2,
};

function sysctls(namespace: string, settings: Readonly<Record<string, number>>): string[] {
  const writes = Object.entries(settings).map(([key, value]) => `echo ${value} >/proc/sys/net/${key}`);
  return [`ip netns exec ${namespace} sh -ec '${writes.join("; ")}'`];
}

function plug(station: Station): string[] {
  const { name, mac } = station;
  return [
    `ip link add ${name} netns ${SWITCH.name} type veth peer name eth0 address ${mac} netns ${name}`,
    `ip -n ${SWITCH.name} link set ${name} master br0 up`,
    ...addressLines(name, "eth0", station),
    `ip -n ${name} link set lo up`,
    `ip -n ${name} link set eth0 up`,
  ];
}

function addressLines(
  namespace: string,
  device: string,
  { ipv4, ipv6 }: { readonly ipv4: string; readonly ipv6: string },
): string[] {
  return [
    `ip -n ${namespace} addr add ${ipv4}/24 dev ${device}`,
    `ip -n ${namespace} addr add ${ipv6}/64 dev ${device} nodad`,
  ];
}

/** Only machines of the cluster know where pods are: to a client they are unreachable, as behind a real switch. */
function podRoutes(node: LabNode): string[] {
  return NODES.filter(({ name }) => name !== node.name).flatMap(({ name }) => podRoutesFrom(name, node));
}

function podRoutesFrom(name: string, node: LabNode): string[] {
  return [
    `ip -n ${name} route add ${node.podCidrs.ipv4} via ${node.ipv4}`,
    `ip -n ${name} route add ${node.podCidrs.ipv6} via ${node.ipv6}`,
  ];
}
