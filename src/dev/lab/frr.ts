import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { HOLD_TIME, type PeerPlan, type RouterPlan } from "./router-plan.ts";

interface FrrDaemon {
  readonly name: "zebra" | "bgpd";
  /** Runs it in the foreground. */
  readonly command: readonly string[];
  /** To be asked with `vtysh` until the answer is JSON: then the daemon is ready for the next one. */
  readonly ready: string;
}

/** One FRR among others on a machine: its files and sockets have folders of their own. */
export interface FrrInstance {
  /** To be removed after its end. */
  readonly folders: readonly string[];
  /** Shell lines that make the folders, and the configuration in them. */
  readonly prepare: readonly string[];
  /** In the order in which they start. */
  readonly daemons: readonly FrrDaemon[];
  /** The command line that asks it. */
  vtysh(...commands: readonly string[]): string[];
}

/** Where distributions put the daemons: Debian and Alpine, Fedora, and FRR by itself. */
const DAEMON_FOLDERS = ["/usr/lib/frr", "/usr/libexec/frr", "/usr/sbin"];

/** The folder with FRR's daemons; undefined unless those that `frrInstance` starts, and vtysh, are installed. */
export function findFrr(path: string): string | undefined {
  const isInstalled = (folder: string, name: string): boolean => existsSync(join(folder, name));
  if (!path.split(delimiter).some((folder) => isInstalled(folder, "vtysh"))) return undefined;
  return DAEMON_FOLDERS.find((folder) => isInstalled(folder, "zebra") && isInstalled(folder, "bgpd"));
}

/**
 * FRR's zebra and bgpd under a name of their own ("pathspace"), which nothing else on the machine has. `programs` is the
 * folder with the daemons.
 */
export function frrInstance(space: string, programs: string, plan: RouterPlan): FrrInstance {
  const folders = [`/etc/frr/${space}`, `/var/run/frr/${space}`];
  const configuration = (name: string): string => `${folders[0]!}/${name}.conf`;
  const write = (name: string, text: string): string => `cat >${configuration(name)} <<'END'\n${text}END`;
  const daemon = (name: FrrDaemon["name"], ready: string): FrrDaemon => {
    // Debian's integrated configuration makes daemons skip their own unless it is named.
    const options = ["-N", space, "-A", "127.0.0.1", "-f", configuration(name)];
    return { name, ready, command: [...PRIVATE_BUFFERS, join(programs, name), ...options] };
  };
  return {
    folders,
    prepare: [
      `install -d -m 755 -o frr -g frr ${folders.join(" ")}`,
      write("vtysh", ""),
      write("zebra", "hostname zebra\n"),
      write("bgpd", frrConfiguration(plan)),
    ],
    daemons: [daemon("zebra", "show interface json"), daemon("bgpd", "show bgp summary json")],
    vtysh: (...commands) => ["vtysh", "-N", space, ...commands.flatMap((command) => ["-c", command])],
  };
}

/**
 * Daemons leave log buffers in /var/tmp when they are killed. `ip netns exec`, which starts them, has given them mounts of
 * their own.
 */
const PRIVATE_BUFFERS = ["sh", "-ec", 'mount -t tmpfs -o mode=1777 tmpfs /var/tmp; exec "$0" "$@"'];

/** bgpd's configuration. Both families are exchanged with every peer that wants to, and no policy is asked for. */
function frrConfiguration({ asn, routerId, peers }: RouterPlan): string {
  return [
    "hostname router",
    `router bgp ${asn}`,
    ` bgp router-id ${routerId}`,
    " no bgp ebgp-requires-policy",
    " no bgp default ipv4-unicast",
    " no bgp hard-administrative-reset",
    ...peers.flatMap((peer) => neighbor(asn, peer)),
    ...["ipv4", "ipv6"].flatMap((afi) => [
      ` address-family ${afi} unicast`,
      ...peers.map(({ address }) => `  neighbor ${address} activate`),
      " exit-address-family",
    ]),
    "",
  ].join("\n");
}

function neighbor(ownAsn: number, peer: PeerPlan): string[] {
  const { address, asn, local, localAsn = ownAsn, dials, password, gtsm, zone, holdTime = HOLD_TIME } = peer;
  const lines = [
    `remote-as ${asn}`,
    ...(zone === undefined ? [] : [`interface ${zone}`]),
    `update-source ${local}`,
    `timers ${Math.floor(holdTime / 3)} ${holdTime}`,
    "timers connect 1",
    "advertisement-interval 0",
    ...(localAsn === ownAsn ? [] : [`local-as ${localAsn} no-prepend replace-as`]),
    dials === undefined ? "passive" : `port ${dials}`,
    ...(password === undefined ? [] : [`password ${password}`]),
    ...(gtsm === true ? ["ttl-security hops 1"] : []),
  ];
  return lines.map((line) => ` neighbor ${address} ${line}`);
}
