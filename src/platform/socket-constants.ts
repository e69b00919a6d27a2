/** Numbers of the Linux socket API on every architecture that Node.js supports (include/uapi/linux). */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_RCVBUF = 8;
export const SO_BINDTODEVICE = 25;
export const SO_DETACH_FILTER = 27;

export const SOL_PACKET = 263;
export const PACKET_ADD_MEMBERSHIP = 1;
export const PACKET_DROP_MEMBERSHIP = 2;
export const PACKET_IGNORE_OUTGOING = 23;

export const IPPROTO_IP = 0;
export const IP_TTL = 2;
export const IP_MINTTL = 21;

export const IPPROTO_TCP = 6;
export const TCP_MD5SIG = 14;

export const IPPROTO_IPV6 = 41;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_JOIN_GROUP = 20;
export const IPV6_LEAVE_GROUP = 21;
export const IPV6_MINHOPCOUNT = 73;

export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;
