import { type Command, InvalidArgumentError, Option } from "commander";
import type { AcceptedFlags } from "../lib/flags.ts";

/** A flag that means something here. Its default comes from the process's own table. */
export interface Flag {
  readonly name: string;
  /** An `opt-out` is a switch that is on unless it is turned off. */
  readonly kind: "text" | "port" | "switch" | "opt-out";
  readonly help: string;
}

const COMMON: readonly Flag[] = [
  { name: "namespace", kind: "text", help: "where the metallb.io resources are (METALLB_NAMESPACE)" },
  { name: "kubeconfig", kind: "text", help: "credentials (KUBECONFIG, else the pod's service account)" },
  { name: "lb-class", kind: "text", help: "serve only Services with this spec.loadBalancerClass" },
  { name: "log-level", kind: "text", help: "all, debug, info, warn, error or none" },
  { name: "port", kind: "port", help: "HTTPS port of /metrics; 0: none" },
  { name: "health-probe-port", kind: "port", help: "port of /healthz and /readyz; 0: none" },
  {
    name: "metrics-cert-dir",
    kind: "text",
    help: "folder with tls.crt and tls.key for the metrics, read again when they change; else self-signed",
  },
  { name: "tls-min-version", kind: "text", help: "VersionTLS12 or VersionTLS13, which is the default" },
  {
    name: "tls-cipher-suites",
    kind: "text",
    help: "TLS 1.2 suites by their Go names, comma-separated; only with --tls-min-version=VersionTLS12",
  },
  {
    name: "tls-curve-preferences",
    kind: "text",
    help: "key exchange groups by number, comma-separated, best first (23 P-256, 29 X25519, 4588 X25519MLKEM768 …)",
  },
];

const POD_NAME: Flag = {
  name: "pod-name",
  kind: "text",
  help: "our own Pod, which owns the status objects (METALLB_POD_NAME)",
};

export const CONTROLLER_FLAGS: readonly Flag[] = [
  ...COMMON,
  POD_NAME,
  { name: "leader-elect", kind: "opt-out", help: "lead by a Lease; without it there must be only one replica" },
  { name: "leader-elect-lease-name", kind: "text", help: "the Lease; replicas have it in common" },
  {
    name: "ml-secret-name",
    kind: "text",
    help: "Secret to make for the speakers' membership (METALLB_ML_SECRET_NAME)",
  },
  { name: "deployment", kind: "text", help: "our own Deployment, which owns that Secret (METALLB_DEPLOYMENT)" },
  {
    name: "webhook-mode",
    kind: "text",
    help: "enabled; disabled: no webhooks; onlywebhook: nothing else, another controller gives the addresses",
  },
  { name: "webhook-port", kind: "port", help: "HTTPS port of the webhooks" },
  {
    name: "webhook-secret",
    kind: "text",
    help: "Secret that holds the webhooks' authority and certificate; made and renewed here",
  },
  { name: "cert-service-name", kind: "text", help: "Service of the webhooks: the name in their certificate" },
  {
    name: "disable-cert-rotation",
    kind: "switch",
    help: "use the certificate in --cert-dir (cert-manager's, say) and leave caBundle to whoever made it",
  },
  {
    name: "cert-dir",
    kind: "text",
    help: "with --disable-cert-rotation: folder with tls.crt and tls.key (TMP/k8s-webhook-server/serving-certs)",
  },
  { name: "webhook-http2", kind: "switch", help: "offer HTTP/2 on the webhook port, too" },
];

export const SPEAKER_FLAGS: readonly Flag[] = [
  ...COMMON,
  POD_NAME,
  { name: "node-name", kind: "text", help: "name of the Node we are on (METALLB_NODE_NAME); required" },
  {
    name: "ignore-exclude-lb",
    kind: "switch",
    help: "announce also from nodes labelled exclude-from-external-load-balancers",
  },
  { name: "exclude-l2-file", kind: "text", help: "YAML file with the interfaces that are never used" },
  {
    name: "ml-bindaddr",
    kind: "text",
    help: "our IP address for membership, which finds dead speakers (METALLB_ML_BIND_ADDR); without it there is none",
  },
  { name: "ml-bindport", kind: "text", help: "TCP and UDP port of membership, 7946 (METALLB_ML_BIND_PORT)" },
  { name: "ml-labels", kind: "text", help: "label selector of the speakers' Pods (METALLB_ML_LABELS)" },
  {
    name: "ml-secret-key-path",
    kind: "text",
    help: "folder with the file secretkey, which encrypts membership (METALLB_ML_SECRET_KEY_PATH)",
  },
  { name: "ml-wan-config", kind: "switch", help: "membership between far places: slower, and more patient" },
  { name: "ml-config-file", kind: "text", help: "JSON file with all settings of membership, if it exists" },
  {
    name: "bgp-listen-port",
    kind: "text",
    help: "TCP port for BGPPeers that connect to us (METALLB_BGP_LISTEN_PORT); 0: none; else 179 while one is passive",
  },
];

/**
 * Adds flags to a command; those that are only accepted are not shown. Empty defaults are left to the caller, who has
 * `defaults` too: in the help they would say nothing.
 */
export function addFlags(command: Command, flags: readonly Flag[], accepted: AcceptedFlags, defaults: object): Command {
  for (const { name, kind, help } of flags) {
    const option = new Option(isSwitch(kind) ? `--${name}` : `--${name} <value>`, help);
    if (kind === "port") option.argParser(parsePort);
    if (kind === "opt-out") command.addOption(new Option(`--no-${name}`).hideHelp());
    const value = (defaults as Readonly<Record<string, unknown>>)[camelCase(name)];
    command.addOption(value === "" || value === false ? option : option.default(value));
  }
  for (const [name, { takesValue }] of Object.entries(accepted)) {
    command.addOption(new Option(takesValue ? `--${name} <value>` : `--${name}`).hideHelp());
  }
  return command;
}

/** Which of the accepted flags were given. */
export function givenOf(command: Command, accepted: AcceptedFlags): readonly string[] {
  return Object.keys(accepted).filter((name) => command.getOptionValueSource(camelCase(name)) === "cli");
}

/**
 * Go's flag syntax as commander's: one dash is as good as two, and a switch may be given a value. Manifests written for
 * the reference have both.
 */
export function fromGoSyntax(argv: readonly string[], switches: ReadonlyMap<string, boolean>): readonly string[] {
  return argv.flatMap((argument) => {
    const match = /^--?([a-z][a-z0-9-]+)(?:=(.*))?$/s.exec(argument);
    if (match === null) return [argument];
    const name = match[1]!;
    const value = match[2];
    if (value === undefined) return [`--${name}`];
    const normally = switches.get(name);
    if (normally === undefined) return [`--${name}=${value}`];
    const on = !["false", "f", "0"].includes(value.toLowerCase());
    return on ? [`--${name}`] : normally ? [`--no-${name}`] : [];
  });
}

/** Those flags that take no value, and whether they are on when they are not given. */
export function switchesOf(flags: readonly Flag[], accepted: AcceptedFlags): ReadonlyMap<string, boolean> {
  const ours = flags.filter(({ kind }) => isSwitch(kind));
  const theirs = Object.entries(accepted).filter(([, { takesValue }]) => !takesValue);
  return new Map([
    ...ours.map(({ name, kind }) => [name, kind === "opt-out"] as const),
    ...theirs.map(([name]) => [name, false] as const),
  ]);
}

function isSwitch(kind: Flag["kind"]): boolean {
  return kind === "switch" || kind === "opt-out";
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError("Use a number from 0 to 65535.");
  return port;
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
