import type { KubeObject } from "../../../src/ports/kube.ts";
import { createLinks } from "../../../src/platform/link-monitor.ts";
import { systemClock } from "../../../src/platform/system-clock.ts";
import { systemRandom } from "../../../src/platform/system-random.ts";
import { tcpStreams } from "../../../src/platform/tcp.ts";
import type { Link } from "../../../src/ports/links.ts";
import type { Metrics } from "../../../src/ports/metrics.ts";
import { NodeSessions } from "../../../src/speaker/bgp/node-sessions.ts";
import { configObject } from "../../support/config-objects.ts";
import { silentLog } from "../../support/silent-log.ts";

/** A peer of a speaker that is measured. We dial, and exchange both families over IPv4. */
export interface BenchPeer {
  readonly name: string;
  readonly address: string;
  /** Our end. */
  readonly local: string;
  readonly myAsn: number;
  readonly asn: number;
}

/** The sessions of a node as the speaker's main file puts them together, on the sockets and links of this process. */
export async function startNodeSessions(metrics: Metrics): Promise<NodeSessions> {
  let links: readonly Link[] = [];
  await new Promise<void>((done, fail) => {
    createLinks().watch((known) => {
      links = known;
      done();
    }, fail);
  });
  const ports = { clock: systemClock, random: systemRandom, streams: tcpStreams, log: silentLog, metrics };
  return new NodeSessions({ listen: undefined, defaultRouterId: 0x0a09_0101 }, { ...ports, links: () => links });
}

export function bgpPeerObject({ name, address, local, myAsn, asn }: BenchPeer): KubeObject {
  return configObject(name, {
    myASN: myAsn,
    peerASN: asn,
    peerAddress: address,
    sourceAddress: local,
    dualStackAddressFamily: true,
    connectTime: "1s",
  });
}
