import { fieldsOf, type Fields, textsOf } from "../../config/fields.ts";

/** What a container may do on the machine. Undefined is what the image says. */
export interface Security {
  readonly user: number | undefined;
  readonly group: number | undefined;
  readonly groups: readonly number[];
  readonly readOnlyRoot: boolean;
  readonly mayEscalate: boolean;
  readonly privileged: boolean;
  /** As setpriv calls them: `net_raw`. */
  readonly capabilities: readonly string[];
}

/** Those of a container that asks for none: the usual default of container runtimes. */
const USUAL = [
  ..."chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod".split(" "),
  ..."audit_write setfcap".split(" "),
];

const MOST = 50;

/** From the Pod's and the container's securityContext. What the container says counts more. */
export function securityOf(pod: Fields, container: Fields): Security {
  const number = (field: string): number | undefined => {
    const value = container[field] ?? pod[field];
    return typeof value === "number" ? value : undefined;
  };
  const groups = [pod["fsGroup"], ...(Array.isArray(pod["supplementalGroups"]) ? pod["supplementalGroups"] : [])];
  return {
    user: number("runAsUser"),
    group: number("runAsGroup"),
    groups: groups.filter((group) => typeof group === "number"),
    readOnlyRoot: container["readOnlyRootFilesystem"] === true,
    mayEscalate: container["allowPrivilegeEscalation"] !== false,
    privileged: container["privileged"] === true,
    capabilities: capabilitiesOf(fieldsOf(container["capabilities"])),
  };
}

function capabilitiesOf(capabilities: Fields): string[] {
  const [drop, add] = ["drop", "add"].map((field) =>
    textsOf(capabilities[field], MOST).map((name) => name.toLowerCase().replace(/^cap_/, "")),
  ) as [string[], string[]];
  const kept = drop.includes("all") ? [] : USUAL.filter((name) => !drop.includes(name));
  return [...new Set([...kept, ...add])].sort();
}

/**
 * The options of setpriv(1) that make a process what its container may be. `image` is the user of the image. In a user
 * namespace there is only one user, so that user and groups are left as they are.
 */
export function privilegeOptions(
  security: Security,
  { image, rootless }: { readonly image: number; readonly rootless: boolean },
): string[] {
  const { user = image, group = 0, groups, mayEscalate, privileged, capabilities } = security;
  const identity = [
    `--reuid=${user}`,
    `--regid=${group}`,
    groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`,
  ];
  const bounds = `--bounding-set=${["-all", ...capabilities.map((name) => `+${name}`)].join(",")}`;
  return [
    ...(rootless ? [] : identity),
    ...(privileged ? [] : [bounds, "--inh-caps=-all"]),
    ...(mayEscalate ? [] : ["--no-new-privs"]),
  ];
}
