/**
 * Records what FRR, BIRD, GoBGP and ExaBGP say to a peer, in namespaces of its own: see README.md. Needs root and the
 * packages frr, bird2, gobgpd and exabgp of Debian 12.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { NODE, TestNetwork } from "../../support/netns.ts";
import { toolPath } from "../../support/requirements.ts";

/** Peers of the router, as record.ts has them. */
const PEERS = [
  { address: "10.88.0.2", asn: 4_200_000_001 },
  { address: "10.88.0.3", asn: 65_001 },
  { address: "fd88::2", asn: 65_002 },
  { address: "10.88.0.4", asn: 65_004 },
  { address: "10.88.0.5", asn: 65_005 },
  { address: "10.88.0.6", asn: 65_006 },
] as const;

const ASN = 4_200_000_001;
const INTERNAL = PEERS[0].address;
const LIFE = 9000;

/** A started router, which knows the routes already. */
interface Started {
  /** Asks the internal peer for its routes. */
  refresh(): void;
  /** Takes back 198.51.100.0/25 and 2001:db8:2::/48. */
  withdraw(): void;
  /** Ends the session with the internal peer, with the words "back at noon". */
  shutdown(): void;
  stop(): void;
}

interface Place {
  readonly network: TestNetwork;
  readonly namespace: string;
  readonly folder: string;
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function startFrr({ network, namespace }: Place): Promise<Started> {
  const space = `capture${process.pid}`;
  const folders = [`/etc/frr/${space}`, `/var/run/frr/${space}`];
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    execFileSync("chown", ["frr:frr", folder]);
  }
  const peers = PEERS.map(({ address }) => address);
  const activate = peers.flatMap((peer) => [`  neighbor ${peer} activate`, `  neighbor ${peer} send-community all`]);
  const configuration = [
    "hostname router",
    `router bgp ${ASN}`,
    " bgp router-id 10.88.0.1",
    " no bgp ebgp-requires-policy",
    " no bgp default ipv4-unicast",
    " no bgp network import-check",
    ...PEERS.flatMap(({ address, asn }) => [
      ` neighbor ${address} remote-as ${asn}`,
      ` neighbor ${address} passive`,
      ` neighbor ${address} timers 3 9`,
      ` neighbor ${address} advertisement-interval 0`,
    ]),
    " neighbor fd88::2 capability extended-nexthop",
    " address-family ipv4 unicast",
    "  network 192.0.2.0/24 route-map RICH",
    "  network 198.51.100.0/25",
    "  network 203.0.113.7/32 route-map RICH",
    "  network 100.64.1.0/24",
    "  aggregate-address 100.64.0.0/16 as-set summary-only",
    ...activate,
    " exit-address-family",
    " address-family ipv6 unicast",
    "  network 2001:db8:1::/48 route-map RICH",
    "  network 2001:db8:2::/48",
    ...activate,
    " exit-address-family",
    "route-map RICH permit 10",
    " set origin egp",
    " set metric 50",
    " set local-preference 150",
    " set community 64512:100 no-peer",
    " set large-community 4200000001:1:2",
    " set extcommunity rt 64512:7",
    " set extcommunity bandwidth 100",
    " set as-path prepend 4200000009 64999",
    "",
  ].join("\n");
  for (const [daemon, text] of [
    ["zebra", "hostname zebra\n"],
    ["bgpd", configuration],
    ["vtysh", ""],
  ] as const) {
    writeFileSync(join(folders[0]!, `${daemon}.conf`), text);
    chmodSync(join(folders[0]!, `${daemon}.conf`), 0o644);
  }
  for (const daemon of ["zebra", "bgpd"]) {
    const file = join(folders[0]!, `${daemon}.conf`);
    network.spawn(namespace, toolPath(daemon)!, "-N", space, "-A", "127.0.0.1", "-f", file);
    await sleep(1000);
  }
  const configure = (...lines: readonly string[]): void => {
    const commands = ["configure", `router bgp ${ASN}`, ...lines];
    execFileSync(toolPath("vtysh")!, ["-N", space, ...commands.flatMap((line) => ["-c", line])]);
  };
  return {
    refresh: () => execFileSync(toolPath("vtysh")!, ["-N", space, "-c", `clear bgp ipv4 ${INTERNAL} soft in`]),
    withdraw: () => {
      configure("address-family ipv4 unicast", "no network 198.51.100.0/25");
      configure("address-family ipv6 unicast", "no network 2001:db8:2::/48");
    },
    shutdown: () => configure(`neighbor ${INTERNAL} shutdown message back at noon`),
    stop: () => folders.forEach((folder) => rmSync(folder, { recursive: true })),
  };
}

async function startBird({ network, namespace, folder }: Place): Promise<Started> {
  const rich = `
    bgp_origin = ORIGIN_EGP; bgp_med = 50; bgp_local_pref = 150;
    bgp_community.add((64512,100)); bgp_community.add((65535,65284));
    bgp_large_community.add((4200000001,1,2));
    bgp_ext_community.add((rt,64512,7)); bgp_ext_community.add((generic,0x4004fc00,0x4b3ebc20));
    bgp_path.prepend(64999); bgp_path.prepend(4200000009);`;
  const sessions = PEERS.map(
    ({ address, asn }, i) => `protocol bgp peer${i} {
      local ${address.includes(":") ? "fd88::1" : "10.88.0.1"} as ${ASN}; neighbor ${address} as ${asn};
      passive on; hold time 9; direct; enable extended messages on; graceful restart on; long lived graceful restart on;
      ipv4 { import all; export filter rich4; ${address.includes(":") ? "extended next hop on;" : "next hop self;"} };
      ipv6 { import all; export filter rich6; next hop ${address.includes(":") ? "self" : "address fd88::1"}; };
    }`,
  );
  const configuration = `
    router id 10.88.0.1;
    protocol device { }
    protocol static s4 { ipv4; route 192.0.2.0/24 blackhole; route 203.0.113.7/32 blackhole; }
    protocol static s6 { ipv6; route 2001:db8:1::/48 blackhole; }
    protocol static passing4 { ipv4; route 198.51.100.0/25 blackhole; }
    protocol static passing6 { ipv6; route 2001:db8:2::/48 blackhole; }
    filter rich4 { if net ~ [ 192.0.2.0/24, 203.0.113.7/32 ] then {${rich}} accept; }
    filter rich6 { if net ~ [ 2001:db8:1::/48 ] then {${rich}} accept; }
    ${sessions.join("\n")}`;
  writeFileSync(join(folder, "bird.conf"), configuration);
  const socket = join(folder, "bird.ctl");
  network.spawn(namespace, toolPath("bird")!, "-f", "-c", join(folder, "bird.conf"), "-s", socket);
  await sleep(1000);
  const birdc = (...words: readonly string[]): void => void execFileSync(toolPath("birdc")!, ["-s", socket, ...words]);
  return {
    refresh: () => birdc("reload", "in", "peer0"),
    withdraw: () => {
      birdc("disable", "passing4");
      birdc("disable", "passing6");
    },
    shutdown: () => birdc("disable", "peer0", `"back at noon"`),
    stop: () => {},
  };
}

async function startGobgp({ network, namespace, folder }: Place): Promise<Started> {
  const neighbors = PEERS.map(
    ({ address, asn }) => `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${asn}
  [neighbors.transport.config]
    passive-mode = true
  [neighbors.timers.config]
    hold-time = 9
    keepalive-interval = 3
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 120
    notification-enabled = true
    long-lived-enabled = true
${["ipv4-unicast", "ipv6-unicast"]
  .map(
    (name) => `  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${name}"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
    [neighbors.afi-safis.long-lived-graceful-restart.config]
      enabled = true
      restart-time = 3600
`,
  )
  .join("")}`,
  );
  const configuration = `[global.config]\n  as = ${ASN}\n  router-id = "10.88.0.1"\n${neighbors.join("")}`;
  writeFileSync(join(folder, "gobgpd.toml"), configuration);
  const socket = `unix://${join(folder, "gobgp.sock")}`;
  const options = ["-f", join(folder, "gobgpd.toml"), "-t", "toml", "--api-hosts", socket, "--pprof-disable"];
  network.spawn(namespace, toolPath("gobgpd")!, ...options);
  await sleep(1500);
  const gobgp = (...words: readonly string[]): void => void execFileSync(toolPath("gobgp")!, ["--target", socket, ...words]);
  const rib = (verb: string, prefix: string, ...words: readonly string[]): void => {
    const family = prefix.includes(":") ? "ipv6" : "ipv4";
    const nextHop = verb === "add" ? ["nexthop", family === "ipv4" ? "10.88.0.1" : "fd88::1"] : [];
    gobgp("global", "rib", "-a", family, verb, prefix, ...words, ...nextHop);
  };
  const rich = [
    ["origin", "egp", "med", "50", "local-pref", "150", "community", "64512:100,65535:65284"],
    ["large-community", "4200000001:1:2", "rt", "64512:7", "aspath", "4200000009,64999"],
    ["aggregator", "4200000001:10.88.0.9"],
  ].flat();
  for (const prefix of ["192.0.2.0/24", "203.0.113.7/32", "2001:db8:1::/48"]) rib("add", prefix, ...rich);
  for (const prefix of ["198.51.100.0/25", "2001:db8:2::/48"]) rib("add", prefix);
  return {
    refresh: () => gobgp("neighbor", INTERNAL, "softresetin"),
    withdraw: () => ["198.51.100.0/25", "2001:db8:2::/48"].forEach((prefix) => rib("del", prefix)),
    shutdown: () => gobgp("neighbor", INTERNAL, "shutdown", "--reason", "back at noon"),
    stop: () => {},
  };
}

async function startExabgp({ namespace, folder }: Place): Promise<Started> {
  const file = (name: string): string => join(folder, name);
  const rich =
    "origin egp med 50 local-preference 150 community [64512:100 65535:65284] large-community [4200000001:1:2] " +
    "extended-community [target:64512:7 bandwidth:64512:12500000] as-path [4200000009 64999] atomic-aggregate " +
    "aggregator (4200000001:10.88.0.9)";
  const neighbors = PEERS.map(
    ({ address, asn }) => `neighbor ${address} {
      router-id 10.88.0.1; local-address ${address.includes(":") ? "fd88::1" : "10.88.0.1"};
      local-as ${ASN}; peer-as ${asn}; hold-time 9; passive true; listen 179; group-updates true;
      capability { route-refresh enable; asn4 enable; graceful-restart 120; extended-message enable; }
      family { ipv4 unicast; ipv6 unicast; }
      ${address.includes(":") ? "nexthop { ipv4 unicast ipv6; }" : ""}
      static {
        route 192.0.2.0/24 next-hop ${address.includes(":") ? "fd88::1" : "10.88.0.1"} ${rich};
        route 203.0.113.7/32 next-hop ${address.includes(":") ? "fd88::1" : "10.88.0.1"} ${rich};
        route 198.51.100.0/25 next-hop ${address.includes(":") ? "fd88::1" : "10.88.0.1"};
        route 2001:db8:1::/48 next-hop fd88::1 ${rich};
        route 2001:db8:2::/48 next-hop fd88::1;
      }
    }`,
  );
  writeFileSync(file("commands"), "");
  writeFileSync(file("run.sh"), `#!/bin/sh\ntail -n +1 -s 0.1 -f ${file("commands")} &\ncat >/dev/null\nkill $!\n`);
  chmodSync(file("run.sh"), 0o755);
  const header = `process feed { run ${file("run.sh")}; encoder text; }\ntemplate { neighbor t { api { processes [ feed ]; } } }\n`;
  const text = neighbors.map((neighbor) => neighbor.replace("{", "{\n      inherit t;")).join("\n");
  writeFileSync(file("exa.conf"), header + text);
  const settings = { "exabgp.daemon.user": "root", "exabgp.daemon.daemonize": "false", "exabgp.api.ack": "false" };
  const child: ChildProcess = spawn("ip", ["netns", "exec", namespace, "exabgp", file("exa.conf")], {
    env: { ...process.env, ...settings, "exabgp.api.cli": "false" },
    stdio: "ignore",
  });
  await sleep(2500);
  const command = (line: string): void => appendFileSync(file("commands"), `${line}\n`);
  return {
    refresh: () => {}, // finds "no neighbor matching the command"
    withdraw: () => {
      command("withdraw route 198.51.100.0/25 next-hop 10.88.0.1");
      command("withdraw route 2001:db8:2::/48 next-hop fd88::1");
    },
    shutdown: () => {},
    stop: () => void child.kill("SIGTERM"),
  };
}

const ROUTERS = {
  "frr-8.4.4": startFrr,
  "bird-2.0.12": startBird,
  "gobgp-3.10.0": startGobgp,
  "exabgp-4.2.21": startExabgp,
};

async function capture(name: string, start: (place: Place) => Promise<Started>): Promise<void> {
  const network = new TestNetwork();
  const folder = mkdtempSync(join(tmpdir(), "bgp-capture-"));
  try {
    const [router, peer] = [network.namespace("router"), network.namespace("peer")];
    network.cable([router, "eth0"], [peer, "eth0"]);
    for (const address of ["10.88.0.1/24", "fd88::1/64"]) network.address(router, "eth0", address);
    for (const { address } of PEERS) network.address(peer, "eth0", `${address}/${address.includes(":") ? 64 : 24}`);
    await sleep(2000); // duplicate address detection of link-local addresses
    const started = await start({ network, namespace: router, folder });
    const heard = network.spawn(peer, NODE, resolve(import.meta.dirname, "record.ts"), String(LIFE));
    let text = "";
    heard.stdout!.on("data", (chunk) => (text += String(chunk)));
    heard.stderr!.on("data", (chunk) => process.stderr.write(`${name}: ${String(chunk)}`));
    for (const step of [started.refresh, started.withdraw, started.shutdown]) {
      await sleep(step === started.refresh ? 4500 : 1000);
      step();
    }
    await new Promise((done) => heard.once("exit", done));
    started.stop();
    const lines = text.split("\n").filter((line, i, all) => line !== "" && all.indexOf(line) === i);
    writeFileSync(join(import.meta.dirname, `${name}.txt`), `${lines.toSorted(bySession).join("\n")}\n`);
  } finally {
    network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sessions one after the other, each in its own order. */
function bySession(a: string, b: string): number {
  const [left, right] = [a.split(" ")[0]!, b.split(" ")[0]!];
  return left < right ? -1 : Number(left > right);
}

const only = process.argv[2];
for (const [name, start] of Object.entries(ROUTERS)) {
  if (only === undefined || name.startsWith(only)) await capture(name, start);
}
