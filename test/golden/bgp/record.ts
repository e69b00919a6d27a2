/**
 * A BGP speaker that says no more than it must, and prints each message it hears as `SESSION HEX`. It is run by
 * capture.ts, in a namespace that has the addresses below.
 */
import { connect } from "node:net";
import { copyBytes } from "../../../src/bytes/copy.ts";
import { toHex } from "../../../src/bytes/hex.ts";
import { SAFI } from "../../../src/bgp/address-family.ts";
import { AS_TRANS, type Capability, type Open } from "../../../src/bgp/message.ts";
import { encode } from "../../../src/bgp/wire/encode.ts";
import { Framer } from "../../../src/bgp/wire/framer.ts";

interface Session {
  readonly name: string;
  readonly local: string;
  readonly remote: string;
  readonly asn: number;
  readonly capabilities: readonly Capability[];
  readonly holdTime?: number;
  /** Seconds after the start. */
  readonly after?: number;
  /** Sent in place of everything else. */
  readonly instead?: Uint8Array;
}

const ROUTER_ASN = 4_200_000_001;
const ROUTER = "10.88.0.1";

const FAMILIES: readonly Capability[] = [1, 2].map((afi) => ({ is: "multiprotocol", afi, safi: SAFI.UNICAST }));
const REFRESH: readonly Capability[] = [{ is: "route-refresh" }, { is: "enhanced-route-refresh" }];
const modern = (asn: number): Capability[] => [...FAMILIES, ...REFRESH, { is: "four-octet-as", asn }];

const SESSIONS: readonly Session[] = [
  {
    name: "internal",
    local: "10.88.0.2",
    remote: ROUTER,
    asn: ROUTER_ASN,
    capabilities: [...modern(ROUTER_ASN), { is: "extended-message" }],
  },
  { name: "old", local: "10.88.0.3", remote: ROUTER, asn: 65_001, capabilities: FAMILIES },
  {
    name: "ipv6",
    local: "fd88::2",
    remote: "fd88::1",
    asn: 65_002,
    capabilities: [
      ...modern(65_002),
      { is: "extended-next-hop", entries: [{ afi: 1, safi: SAFI.UNICAST, nextHopAfi: 2 }] },
    ],
  },
  { name: "wrong-as", local: "10.88.0.4", remote: ROUTER, asn: 65_099, capabilities: modern(65_099) },
  {
    name: "wrong-hold-time",
    local: "10.88.0.5",
    remote: ROUTER,
    asn: 65_005,
    capabilities: modern(65_005),
    holdTime: 1,
  },
  {
    name: "wrong-marker",
    local: "10.88.0.6",
    remote: ROUTER,
    asn: 65_006,
    capabilities: [],
    instead: new Uint8Array(19),
  },
];

/** When the peer has sent its routes, it is asked for them again. */
const REFRESH_AFTER = 2500;

const LIFE = Number(process.argv[2]);

function record(session: Session): void {
  let fourOctetAs = false;
  const options = { fourOctetAs, extendedMessages: session.name === "internal" };
  const framer = new Framer();
  const socket = connect({ host: session.remote, port: 179, localAddress: session.local });
  const send = (message: Parameters<typeof encode>[0]): void => void socket.write(encode(message, options));
  socket.on("error", (error) => process.stderr.write(`${session.name}: ${error.message}\n`));
  socket.on("connect", () => (session.instead === undefined ? send(openOf(session)) : socket.write(session.instead)));
  socket.on("data", (chunk) => {
    framer.push(chunk);
    for (let next = framer.next(options); next?.ok; next = framer.next(options)) {
      const bytes = copyBytes(next.value);
      process.stdout.write(`${session.name} ${toHex(bytes)}\n`);
      const type = bytes[18];
      if (type !== 1) continue;
      send({ type: "keepalive" });
      if (session.name !== "internal") continue;
      setTimeout(() => send({ type: "route-refresh", afi: 1, safi: 1, subtype: 0 }), REFRESH_AFTER);
    }
  });
  const beat = setInterval(() => socket.writable && send({ type: "keepalive" }), 2000);
  setTimeout(() => {
    clearInterval(beat);
    socket.destroy();
  }, LIFE);
}

function openOf({ asn, capabilities, holdTime = 9, local }: Session): Open {
  const routerId = 0x0a58_0000 + Number(local.at(-1));
  return { type: "open", version: 4, asn: asn > 65_535 ? AS_TRANS : asn, holdTime, routerId, capabilities };
}

for (const session of SESSIONS) record(session);
