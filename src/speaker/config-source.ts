import type { Pool } from "../allocator/pool.ts";
import type { ConfigIssue } from "../config/issues.ts";
import { formatIssue } from "../config/issues.ts";
import { isForNode } from "../config/node-sets.ts";
import type { NodeView } from "../config/node.ts";
import type { BgpObjects } from "../config/parse-bgp.ts";
import { parseBgp } from "../config/parse-bgp.ts";
import { parseL2Advertisements } from "../config/parse-l2-advertisements.ts";
import { parsePools } from "../config/parse-pools.ts";
import { secretNameOf } from "../config/peer-password.ts";
import { nameOf } from "../config/resource.ts";
import type { SecretView } from "../config/secret.ts";
import type { ServiceView } from "../config/service.ts";
import { parseAddress } from "../ip/address.ts";
import type { KubeObject, ObjectKey } from "../ports/kube.ts";
import type { BgpSpeakerConfig } from "./bgp/bgp-context.ts";
import type { Layer2Config } from "./election-context.ts";
import { PoolIndex } from "./pool-index.ts";

/** Both are made from the pools; otherwise they have nothing in common, and one stays usable when the other is not. */
type ConfigPart = "layer 2" | "BGP";

/** Kinds that a speaker's configuration is written in, by their name in `KINDS`, and what they are for. */
export const CONFIG_KINDS = {
  IPAddressPool: ["layer 2", "BGP"],
  L2Advertisement: ["layer 2"],
  BGPAdvertisement: ["BGP"],
  BGPPeer: ["BGP"],
  BFDProfile: ["BGP"],
  Community: ["BGP"],
} as const satisfies Readonly<Record<string, readonly ConfigPart[]>>;

export type ConfigKind = keyof typeof CONFIG_KINDS;

/** New things to do. A part that is undefined stays as it is: it is refused, or did not change. */
export interface ConfigOutcome {
  readonly layer2: Layer2Config | undefined;
  readonly bgp: BgpSpeakerConfig | undefined;
  readonly refusals: readonly ConfigRefusal[];
}

/** One thing that is wrong, and what it keeps from being used. */
export interface ConfigRefusal {
  readonly part: ConfigPart | "all";
  readonly error: string;
}

interface Parsed extends ConfigOutcome {
  /** Undefined: one is invalid. */
  readonly pools: readonly Pool[] | undefined;
  /** Tells whether a change of nodes, which only BGP depends on, changed anything. */
  readonly bgpSignature: string;
}

/**
 * The configuration objects, and whether what they say can be used on this node. BGPPeers and BGPAdvertisements for
 * other nodes are not looked at, so that their mistakes stay over there.
 */
export class ConfigSource {
  readonly #node: string;
  readonly #objects: Readonly<Record<ConfigKind, Map<ObjectKey, KubeObject>>> = {
    IPAddressPool: new Map(),
    L2Advertisement: new Map(),
    BGPAdvertisement: new Map(),
    BGPPeer: new Map(),
    BFDProfile: new Map(),
    Community: new Map(),
  };
  readonly #secrets = new Map<ObjectKey, SecretView>();
  readonly #nodes = new Map<string, NodeView>();
  /** Parts that changed since they were last given out. */
  readonly #due = new Set<ConfigPart>(["layer 2", "BGP"]);
  #parsed: Parsed | undefined;
  /** Whether to parse again. */
  #changed = true;
  /** Whether `next` has something to tell. */
  #news = true;

  constructor(node: string) {
    this.#node = node;
  }

  set(kind: ConfigKind, key: ObjectKey, object: KubeObject): void {
    const old = this.#objects[kind].get(key);
    this.#objects[kind].set(key, object);
    if (old === undefined || !sameConfig(old, object)) this.#notice(CONFIG_KINDS[kind]);
  }

  delete(kind: ConfigKind, key: ObjectKey): void {
    if (this.#objects[kind].delete(key)) this.#notice(CONFIG_KINDS[kind]);
  }

  setSecret(key: ObjectKey, secret: SecretView): void {
    const old = this.#secrets.get(key);
    this.#secrets.set(key, secret);
    if (old?.type !== secret.type || old.password !== secret.password) this.#noticeSecret(secret.name);
  }

  deleteSecret(key: ObjectKey): void {
    const old = this.#secrets.get(key);
    this.#secrets.delete(key);
    if (old !== undefined) this.#noticeSecret(old.name);
  }

  setNode(node: NodeView): void {
    const old = this.#nodes.get(node.name);
    this.#nodes.set(node.name, node);
    if (old === undefined || JSON.stringify(old.labels) !== JSON.stringify(node.labels)) this.#changed = true;
  }

  deleteNode(name: string): void {
    if (this.#nodes.delete(name)) this.#changed = true;
  }

  /**
   * What to do about the configuration; undefined: nothing new. `announced` are the Services this node announces: a
   * configuration that leaves any of their addresses without a pool waits until the controller has moved them. Until
   * then each call looks again.
   */
  next(announced: () => readonly ServiceView[]): ConfigOutcome | undefined {
    const parsed = this.#parse();
    if (!this.#news) return undefined;
    const stranded = parsed.pools === undefined ? [] : strandedBy(parsed.pools, announced());
    this.#news = stranded.length > 0;
    const refusals = [...parsed.refusals, ...stranded];
    if (stranded.length > 0) return { layer2: undefined, bgp: undefined, refusals };
    return { layer2: this.#take("layer 2", parsed.layer2), bgp: this.#take("BGP", parsed.bgp), refusals };
  }

  /** Of the Secrets that this node's peers take their passwords from. */
  secretNames(): ReadonlySet<string> {
    return new Set(this.#bgpObjects().bgpPeers.flatMap((peer) => secretNameOf(peer) || []));
  }

  #parse(): Parsed {
    if (this.#parsed !== undefined && !this.#changed) return this.#parsed;
    const parsed = parse(this.#list("L2Advertisement"), this.#bgpObjects());
    if (parsed.bgpSignature !== this.#parsed?.bgpSignature) this.#notice(["BGP"]);
    this.#parsed = parsed;
    this.#changed = false;
    return parsed;
  }

  #bgpObjects(): BgpObjects {
    const labels = this.#nodes.get(this.#node)?.labels ?? {};
    return {
      ipAddressPools: this.#list("IPAddressPool"),
      bgpAdvertisements: this.#list("BGPAdvertisement").filter((object) => isForNode(object, labels)),
      bgpPeers: this.#list("BGPPeer").filter((object) => isForNode(object, labels)),
      bfdProfiles: this.#list("BFDProfile"),
      communities: this.#list("Community"),
      secrets: [...this.#secrets.values()],
      nodes: [...this.#nodes.values()],
    };
  }

  #list(kind: ConfigKind): readonly KubeObject[] {
    return [...this.#objects[kind].values()];
  }

  /** Gives out a part that is due and can be used. */
  #take<T>(part: ConfigPart, config: T | undefined): T | undefined {
    return config !== undefined && this.#due.delete(part) ? config : undefined;
  }

  #notice(parts: readonly ConfigPart[]): void {
    this.#changed = true;
    this.#news = true;
    for (const part of parts) this.#due.add(part);
  }

  /** Most Secrets are no business of ours. */
  #noticeSecret(name: string): void {
    if (this.#list("BGPPeer").some((peer) => secretNameOf(peer) === name)) this.#notice(["BGP"]);
  }
}

function parse(l2Advertisements: readonly KubeObject[], objects: BgpObjects): Parsed {
  const { ipAddressPools, bgpPeers, bgpAdvertisements } = objects;
  const { pools, issues } = parsePools(ipAddressPools, []);
  const layer2 = parseL2Advertisements(l2Advertisements, ipAddressPools);
  const bgp = parseBgp(objects, pools);
  const refusals = [...refuse("all", issues), ...refuse("layer 2", layer2.issues), ...refuse("BGP", bgp.issues)];
  const usable = (part: ConfigPart) => refusals.every((refusal) => refusal.part !== part && refusal.part !== "all");
  return {
    pools: issues.length === 0 ? pools : undefined,
    layer2: usable("layer 2") ? { pools, advertisements: layer2.advertisements } : undefined,
    bgp: usable("BGP") ? { pools, ...bgp.config } : undefined,
    refusals,
    bgpSignature: JSON.stringify([bgpPeers.map(nameOf), bgpAdvertisements.map(nameOf), bgp.issues]),
  };
}

function refuse(part: ConfigRefusal["part"], issues: readonly ConfigIssue[]): readonly ConfigRefusal[] {
  return issues.map((issue) => ({ part, error: formatIssue(issue) }));
}

function strandedBy(pools: readonly Pool[], announced: readonly ServiceView[]): readonly ConfigRefusal[] {
  const index = new PoolIndex(pools);
  const stranded = announced.filter((service) => isStranded(service, index));
  return stranded.map((service) => ({ part: "all", error: strandedError(service) }));
}

function isStranded(service: ServiceView, index: PoolIndex): boolean {
  const addresses = service.ingress.map(({ ip }) => parseAddress(ip)).filter((address) => address !== undefined);
  return addresses.length > 0 && index.poolOf(addresses) === undefined;
}

function strandedError({ namespace, name, ingress }: ServiceView): string {
  const addresses = ingress.map(({ ip }) => ip).join(", ");
  return `Service ${namespace}/${name}: announced with ${addresses}, which no single pool would contain any more`;
}

function sameConfig(a: KubeObject, b: KubeObject): boolean {
  return JSON.stringify([a.metadata.labels, a["spec"]]) === JSON.stringify([b.metadata.labels, b["spec"]]);
}
