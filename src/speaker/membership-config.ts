import { type IpAddress, parseAddress } from "../ip/address.ts";
import { parseMembershipSettings } from "../membership/parse-settings.ts";
import type { Versions } from "../membership/message.ts";
import { FAST_LAN, type MembershipSettings, WAN } from "../membership/settings.ts";
import { gossipKey } from "../membership/wire/gossip-key.ts";
import type { SpeakerFlags } from "./flags.ts";

/** What membership needs to begin; plain data that survives a structured clone. */
export interface MembershipConfig {
  /** Our name: that of the Node. */
  readonly node: string;
  /** Where we listen, and where others reach us. */
  readonly address: IpAddress;
  readonly port: number;
  readonly settings: MembershipSettings;
  /** Encrypts everything, 32 bytes; undefined: nothing is encrypted. */
  readonly key: Uint8Array | undefined;
  /** What we say that we speak, if it is not what the reference says. */
  readonly versions?: Versions;
}

/** Files that membership is configured by, as far as they exist. */
export interface MembershipFiles {
  readonly config: string | undefined;
  readonly secretKey: Uint8Array | undefined;
}

export interface ReadMembership {
  /** Undefined: there is no membership, and every Node is taken to run a speaker. */
  readonly config: MembershipConfig | undefined;
  /** What is wrong, one sentence each; then there is no config. */
  readonly issues: readonly string[];
  readonly notes: readonly string[];
}

const DEFAULT_PORT = 7946;

type MembershipFlags = Pick<
  SpeakerFlags,
  "nodeName" | "mlBindaddr" | "mlBindport" | "mlLabels" | "mlSecretKeyPath" | "mlWanConfig" | "mlConfigFile"
>;

/** Whether there is to be membership. Both an address and labels are needed, as in the reference. */
export function wantsMembership({ mlBindaddr, mlLabels }: MembershipFlags): boolean {
  return mlBindaddr !== "" && mlLabels !== "";
}

export function membershipConfig(flags: MembershipFlags, files: MembershipFiles): ReadMembership {
  if (!wantsMembership(flags)) return { config: undefined, issues: [], notes: absence(flags) };
  const issues: string[] = [];
  const address = parseAddress(flags.mlBindaddr);
  if (address === undefined) issues.push(`the membership address ${flags.mlBindaddr} is not an IP address`);
  const port = parsePort(flags.mlBindport);
  if (port === undefined) issues.push(`the membership port ${flags.mlBindport} is not a number from 1 to 65535`);
  const profile = readProfile(flags, files.config);
  issues.push(...profile.issues);
  if (issues.length > 0 || address === undefined || port === undefined) return { config: undefined, issues, notes: [] };
  const { secretKey } = files;
  const key = secretKey === undefined || secretKey.length === 0 ? undefined : gossipKey(secretKey);
  const plain = key === undefined ? ["membership is not encrypted: there is no secret key"] : [];
  const config = { node: flags.nodeName, address, port, settings: profile.settings, key };
  return { config, issues: [], notes: [...plain, ...profile.notes] };
}

/** One of the two is a mistake; neither is a decision. */
function absence({ mlBindaddr, mlLabels }: MembershipFlags): readonly string[] {
  const reason = "every Node is taken to run a speaker";
  if (mlBindaddr !== "") return [`no membership, ${reason}: there is an address for it, but no labels`];
  if (mlLabels !== "") return [`no membership, ${reason}: there are labels for it, but no address`];
  return [`no membership: ${reason}`];
}

interface Profile {
  readonly settings: MembershipSettings;
  readonly issues: readonly string[];
  readonly notes: readonly string[];
}

function readProfile({ mlWanConfig, mlConfigFile }: MembershipFlags, text: string | undefined): Profile {
  const named = mlWanConfig ? WAN : FAST_LAN;
  if (text === undefined) return { settings: named, issues: [], notes: [] };
  const parsed = parseMembershipSettings(text);
  if (parsed.ok) {
    return {
      settings: parsed.value.settings,
      issues: [],
      notes: parsed.value.notes.map((note) => `${mlConfigFile}: ${note}`),
    };
  }
  const issues = parsed.error.map(({ field, message, fix }) => `${mlConfigFile}: ${field} ${message}: ${fix}`);
  return { settings: named, issues, notes: [] };
}

function parsePort(text: string): number | undefined {
  if (text === "") return DEFAULT_PORT;
  const port = Number(text);
  return /^[0-9]{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}
