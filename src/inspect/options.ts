/** Where the reference's manifests put everything. */
export const USUAL_NAMESPACE = "metallb-system";

/** How a report is printed. */
type OutputFormat = "text" | "json";

export interface ValidateOptions {
  /** Files, folders, or `-`. */
  readonly filename: readonly string[];
  /** For objects that name none; undefined: as they agree, else `metallb-system`. */
  readonly namespace?: string | undefined;
  readonly output: OutputFormat;
}

/** Which cluster is asked, and how its controller runs. */
export interface ClusterOptions {
  /** Undefined: KUBECONFIG, else what kubectl would use. */
  readonly kubeconfig?: string | undefined;
  /** Where the metallb.io objects are; undefined: METALLB_NAMESPACE, else `metallb-system`. */
  readonly namespace?: string | undefined;
  /** The controller's `--lb-class`; undefined: it has none. */
  readonly lbClass?: string | undefined;
  readonly output: OutputFormat;
}

/** How its speakers run. */
export interface SpeakerOptions extends ClusterOptions {
  /** Whether they ignore the label that excludes nodes; undefined: they don't. */
  readonly ignoreExcludeLb?: boolean | undefined;
  /** Whether the speakers themselves are asked; undefined: they are. */
  readonly live?: boolean | undefined;
  /** Whether they are shown the kubeconfig's own token; undefined: they are not. */
  readonly sendToken?: boolean | undefined;
}

export interface ExplainOptions extends SpeakerOptions {
  /** `NAME` or `NAMESPACE/NAME`. */
  readonly service: string;
  /** For a name alone; undefined: that of the kubeconfig's context, else `default`. */
  readonly serviceNamespace?: string | undefined;
}

/** What of the speakers' BGP sessions is asked about. */
export interface BgpOptions extends ClusterOptions {
  /** Name of a BGPPeer; undefined: all. */
  readonly peer?: string | undefined;
  /** Undefined: all. */
  readonly node?: string | undefined;
  /** Whether the speakers are shown the kubeconfig's own token; undefined: they are not. */
  readonly sendToken?: boolean | undefined;
}

export interface PlanOptions extends ClusterOptions {
  /** Files, folders, or `-`; undefined: none. */
  readonly filename?: readonly string[] | undefined;
  /** `NAME` of an IPAddressPool, or `KIND/NAME`. */
  readonly delete?: readonly string[] | undefined;
  /** Whether the files have all objects of their kinds. */
  readonly prune?: boolean | undefined;
  /** Whether the controller takes over from one of another kind. */
  readonly takeover?: boolean | undefined;
}

/** What these commands touch of the process that they run in. */
export interface Terminal {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The part of a stream to a terminal, a pipe or a file that is used. */
interface TextOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}
