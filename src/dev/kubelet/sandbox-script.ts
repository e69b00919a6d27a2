import { BUNDLE_FOLDER, NODE_PATH } from "./images.ts";

/** What a container sees and may do. Paths are those of the node. */
export interface Sandbox {
  /** An empty folder for the container's root. */
  readonly root: string;
  /** Node's executable and the folder with the bundle: what is in the image. */
  readonly node: string;
  readonly bundle: string;
  readonly mounts: readonly SandboxMount[];
  readonly readOnlyRoot: boolean;
  /** Whether /sys is to be of the network namespace that the container is in. */
  readonly ownNetwork: boolean;
  /** Options of setpriv(1). */
  readonly privileges: readonly string[];
  readonly command: readonly string[];
}

export interface SandboxMount {
  /** What is mounted, a folder or a file. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly isFile: boolean;
}

const DEVICES = ["full", "null", "random", "tty", "urandom", "zero"];

/**
 * The shell script that becomes a container, in a mount namespace of its own. Its root is a private tmpfs that has what the
 * image has: Node, the bundle and, instead of the image's libraries, those of this machine, read-only. Nothing else of
 * the machine is seen. Each step but the last is one that a user namespace allows, too; where it can't make a mount
 * read-only because the machine's own flags are locked, it goes on. The process stays the same from the shell to the
 * program, and the kernel ends it with the kubelet that started it.
 */
export function sandboxScript(sandbox: Sandbox): string {
  const { root, mounts, readOnlyRoot, privileges, command } = sandbox;
  const program = [`--root=${root}`, "--wd=/", SETPRIV, ...privileges, "--pdeathsig=KILL", "--", ...command];
  return [
    "set -e",
    "umask 022",
    `mkdir -p ${quoted(root)}`,
    `mount -t tmpfs -o mode=755 sandbox ${quoted(root)}`,
    `cd ${quoted(root)}`,
    ...SYSTEM,
    ...image(sandbox),
    ...(sandbox.ownNetwork ? ["mount -t sysfs sysfs sys 2>/dev/null || true"] : ["mount --rbind /sys sys"]),
    ...mounts.flatMap(mountLines),
    ...(readOnlyRoot ? ["mount -o remount,bind,ro ."] : []),
    ...OWN_PATH,
    `exec "$unshare" ${program.map(quoted).join(" ")}`,
  ].join("\n");
}

/** In the container's root, where /usr is this machine's. */
const SETPRIV = "/usr/bin/setpriv";

/** The variable with the container's PATH: until the end the script needs the machine's own. */
export const PATH_VARIABLE = "CONTAINER_PATH";
const OWN_PATH = ["unshare=$(command -v unshare)", `PATH=$${PATH_VARIABLE}`, `unset ${PATH_VARIABLE}`];

/** Folders that are links to /usr are so in the container, too. */
const SYSTEM = [
  "for d in bin sbin lib lib32 lib64 libx32; do",
  '  if [ -L "/$d" ]; then ln -s "$(readlink "/$d")" "$d"',
  '  elif [ -d "/$d" ]; then mkdir "$d"; mount --rbind "/$d" "$d"; mount -o remount,bind,ro "$d" 2>/dev/null || true; fi',
  "done",
  "mkdir -p usr proc sys dev etc tmp var/run",
  "chmod 1777 tmp",
  "mount --rbind /usr usr",
  "mount --rbind /proc proc",
  `for d in ${DEVICES.join(" ")}; do : >"dev/$d"; mount --bind "/dev/$d" "dev/$d"; done`,
];

/** Node goes where the image has it: /usr/local is the container's own. */
function image({ node, bundle }: Sandbox): string[] {
  const [executable, folder] = [NODE_PATH.slice(1), BUNDLE_FOLDER.slice(1)];
  return [
    "mount -t tmpfs -o mode=755 local usr/local",
    `mkdir -p usr/local/bin ${folder}`,
    `: >${executable}`,
    `mount --bind ${quoted(node)} ${executable}`,
    `mount --rbind ${quoted(bundle)} ${folder}`,
    ...["usr/local", "usr", executable, folder].map(readOnly),
  ];
}

function mountLines({ source, target, readOnly: locked, isFile }: SandboxMount): string[] {
  const inside = quoted(target.replace(/^\/+/, ""));
  return [
    isFile ? `mkdir -p "$(dirname ${inside})" && : >${inside}` : `mkdir -p ${inside}`,
    `mount --bind ${quoted(source)} ${inside}`,
    ...(locked ? [readOnly(inside)] : []),
  ];
}

function readOnly(target: string): string {
  return `mount -o remount,bind,ro ${target} 2>/dev/null || true`;
}

/** For a shell; nothing in it has a meaning. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
