import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PeerPlan } from "../../../src/dev/lab/router-plan.ts";
import type { RouteAttributes } from "../../../src/bgp/rib/route.ts";
import { familyOf } from "../../../src/ip/address.ts";
import { formatPrefix } from "../../../src/ip/prefix.ts";
import { Daemon, privateFolder } from "../../support/routers/process.ts";
import { startGobgp } from "../../support/routers/gobgp.ts";
import { communityText } from "../../support/routers/router.ts";
import { type BenchLink, SENDER_ASN, SENDER_IPV6 } from "./link.ts";
import { LineProcess } from "./line-process.ts";
import type { SpeakerCommand } from "./speaker-process.ts";
import { routeTable } from "./table.ts";
import { until } from "./until.ts";

/** A BGP speaker that has a table, dials until the receiver answers, and then sends it. */
export interface Sender {
  /** Resolves when it has the table. */
  readonly ready: () => Promise<unknown>;
  /** Takes back everything. Resolves when it was told to. */
  withdraw(): Promise<void>;
  stop(): Promise<void>;
}

export type StartSender = (link: BenchLink, prefixes: number) => Promise<Sender>;

export async function startOurs(link: BenchLink, prefixes: number): Promise<Sender> {
  const speaker = await LineProcess.start<SpeakerCommand>(link.network, link.sender, "speaker-process.ts");
  return {
    ready: async () => {
      await speaker.ask({ do: "peers", peers: link.benchPeers() });
      await speaker.ask({ do: "table", prefixes });
    },
    withdraw: () => speaker.ask({ do: "table", prefixes: 0 }),
    stop: () => speaker.kill(),
  };
}

/** It has its table from a speaker of ours in the same AS, and takes it back when that is gone. */
export async function startGobgpSender(link: BenchLink, prefixes: number): Promise<Sender> {
  const plan = link.feedPlan();
  const peers = [...link.senderPeers(), plan];
  const [namespace, routerId, ipv6NextHop] = [link.sender, "10.8.0.1", SENDER_IPV6];
  const router = await startGobgp({ namespace, asn: SENDER_ASN, routerId, peers, ipv6NextHop });
  const feed = await LineProcess.start<SpeakerCommand>(link.network, link.feed, "speaker-process.ts");
  return {
    ready: async () => {
      await feed.ask({ do: "peers", peers: [link.feedPeer()] });
      await feed.ask({ do: "table", prefixes });
      await until("GoBGP has the table", 60_000, async () => (await router.taken()).get(plan.address) === prefixes);
    },
    withdraw: () => feed.kill(),
    stop: async () => {
      await feed.kill();
      await router.stop();
    },
  };
}

const EXABGP_ENVIRONMENT = {
  "exabgp.daemon.user": "root",
  "exabgp.daemon.daemonize": "false",
  "exabgp.api.cli": "false",
  "exabgp.log.level": "INFO",
  "exabgp.log.parser": "false",
  "exabgp.log.routes": "false",
};

/** Its table is its configuration; it takes it back when it reads another. */
export async function startExabgpSender(link: BenchLink, prefixes: number): Promise<Sender> {
  const folder = privateFolder("exabgp-sender");
  const configuration = join(folder.path, "exa.conf");
  const configure = (count: number): void =>
    writeFileSync(
      configuration,
      link
        .senderPeers()
        .map((peer) => neighbor(peer, count))
        .join("\n"),
    );
  configure(prefixes);
  const daemon = new Daemon(link.sender, "exabgp", [configuration], EXABGP_ENVIRONMENT);
  const read = (): Promise<boolean> => Promise.resolve(daemon.output.includes("loaded new configuration"));
  return {
    ready: () => until("ExaBGP has read its table", 120_000, read),
    withdraw: async () => {
      configure(0);
      daemon.signal("SIGUSR1");
    },
    stop: async () => {
      await daemon.end("SIGTERM");
      folder.remove();
    },
  };
}

function neighbor({ address, local, asn, holdTime }: PeerPlan, prefixes: number): string {
  const table = routeTable(prefixes);
  const routes = (["IPv4", "IPv6"] as const).flatMap((family) => [
    `  ${family.toLowerCase()} {`,
    ...table
      .filter(({ prefix }) => familyOf(prefix.address) === family)
      .map(({ prefix, attributes }) => {
        const nextHop = family === "IPv4" ? local : SENDER_IPV6;
        return `    unicast ${formatPrefix(prefix)} next-hop ${nextHop}${attributeWords(attributes)};`;
      }),
    "  }",
  ]);
  return [
    `neighbor ${address} {`,
    `  router-id ${local}; local-address ${local}; local-as ${SENDER_ASN}; peer-as ${asn}; hold-time ${holdTime};`,
    "  family { ipv4 unicast; ipv6 unicast; }",
    "  announce {",
    ...routes,
    "  }",
    "}",
  ].join("\n");
}

function attributeWords({ communities, largeCommunities }: RouteAttributes): string {
  const list = (name: string, texts: readonly string[]): string =>
    texts.length === 0 ? "" : ` ${name} [ ${texts.join(" ")} ]`;
  return (
    list("community", communities.map(communityText)) +
    list(
      "large-community",
      largeCommunities.map((parts) => parts.join(":")),
    )
  );
}
