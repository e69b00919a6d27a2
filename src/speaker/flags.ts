import {
  acceptedNotes,
  type AcceptedFlags,
  COMMON_ACCEPTED_FLAGS,
  COMMON_DEFAULTS,
  type CommonFlags,
  commonFlagIssues,
} from "../lib/flags.ts";

/** What the `speaker` command is told: its flags, and the environment behind them. Pure. */
export interface SpeakerFlags extends CommonFlags {
  /** Name of the node it runs on; "": METALLB_NODE_NAME. */
  readonly nodeName: string;
  /** Our own Pod, which owns the status objects; "": METALLB_POD_NAME, else nobody owns them. */
  readonly podName: string;
  /** Whether nodes labelled as excluded from load balancers announce nevertheless. */
  readonly ignoreExcludeLb: boolean;
  /** YAML file with the interfaces that are never used. */
  readonly excludeL2File: string;
  /** IP address for membership; "": METALLB_ML_BIND_ADDR, else there is no membership. */
  readonly mlBindaddr: string;
  /** Port for membership; "": METALLB_ML_BIND_PORT, else 7946. */
  readonly mlBindport: string;
  /** Selects the speakers' Pods; "": METALLB_ML_LABELS, else there is no membership. */
  readonly mlLabels: string;
  /** Folder with the file `secretkey`; "": METALLB_ML_SECRET_KEY_PATH, else nothing is encrypted. */
  readonly mlSecretKeyPath: string;
  readonly mlWanConfig: boolean;
  /** JSON file that replaces the whole profile, if it exists. */
  readonly mlConfigFile: string;
  /** Where BGPPeers connect to us; "": METALLB_BGP_LISTEN_PORT, else 179 while one of them is passive; 0: nowhere. */
  readonly bgpListenPort: string;
}

export const SPEAKER_DEFAULTS: SpeakerFlags = {
  ...COMMON_DEFAULTS,
  nodeName: "",
  podName: "",
  ignoreExcludeLb: false,
  excludeL2File: "/etc/metallb/excludel2.yaml",
  mlBindaddr: "",
  mlBindport: "",
  mlLabels: "",
  mlSecretKeyPath: "",
  mlWanConfig: false,
  mlConfigFile: "/etc/metallb/memberlist/config.json",
  bgpListenPort: "",
};

const NO_DAEMON = "has no effect: there is no routing daemon beside the speaker";

export const SPEAKER_ACCEPTED_FLAGS: AcceptedFlags = {
  ...COMMON_ACCEPTED_FLAGS,
  host: { takesValue: true, meaning: "is deprecated and has no effect" },
  "bgp-debounce-timeout": { takesValue: true, meaning: NO_DAEMON },
  "frrk8s-namespace": { takesValue: true, meaning: NO_DAEMON },
  "frrk8s-secret-passthrough": { takesValue: false, meaning: NO_DAEMON },
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags with the environment filled in, what is wrong with them, and what a user might wonder about. */
export interface ResolvedFlags {
  readonly flags: SpeakerFlags;
  /** One sentence each; empty: nothing is wrong. */
  readonly issues: readonly string[];
  readonly notes: readonly string[];
}

/** `podNamespace` is the namespace of the pod's service account; undefined outside of a pod. */
export function resolveSpeakerFlags(
  given: SpeakerFlags,
  env: Environment,
  podNamespace: string | undefined,
): ResolvedFlags {
  const or = (flag: string, name: string): string => flag || (env[name] ?? "");
  const flags: SpeakerFlags = {
    ...given,
    nodeName: or(given.nodeName, "METALLB_NODE_NAME"),
    namespace: or(given.namespace, "METALLB_NAMESPACE") || (podNamespace ?? ""),
    podName: or(given.podName, "METALLB_POD_NAME"),
    mlBindaddr: or(given.mlBindaddr, "METALLB_ML_BIND_ADDR"),
    mlBindport: or(given.mlBindport, "METALLB_ML_BIND_PORT"),
    mlLabels: or(given.mlLabels, "METALLB_ML_LABELS"),
    mlSecretKeyPath: or(given.mlSecretKeyPath, "METALLB_ML_SECRET_KEY_PATH"),
    bgpListenPort: or(given.bgpListenPort, "METALLB_BGP_LISTEN_PORT"),
  };
  return {
    flags,
    issues: issuesOf(flags),
    notes: [...acceptedNotes(flags.accepted, SPEAKER_ACCEPTED_FLAGS), ...bgpNotes(env["METALLB_BGP_TYPE"])],
  };
}

function issuesOf(flags: SpeakerFlags): readonly string[] {
  const issues: string[] = [];
  if (flags.nodeName === "") issues.push("the node's name is missing: give --node-name or set METALLB_NODE_NAME");
  if (flags.namespace === "") issues.push("the namespace is missing: give --namespace or set METALLB_NAMESPACE");
  const port = flags.bgpListenPort;
  if (!/^\d{0,5}$/.test(port) || Number(port) > 65_535) {
    issues.push(`--bgp-listen-port (METALLB_BGP_LISTEN_PORT) is ${JSON.stringify(port)}: use 0 to 65535`);
  }
  return [...issues, ...commonFlagIssues(flags)];
}

function bgpNotes(type: string | undefined): readonly string[] {
  if (type === undefined || type === "") return [];
  return [`METALLB_BGP_TYPE=${type} is accepted; BGP is built in and the same for all types`];
}
