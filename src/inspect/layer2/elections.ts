import type { ConfigIssue } from "../../config/issues.ts";
import { parseL2Advertisements } from "../../config/parse-l2-advertisements.ts";
import { parsePools } from "../../config/parse-pools.ts";
import type { ServiceView } from "../../config/service.ts";
import { keyOfService } from "../../controller/service-key.ts";
import type { Contest, ElectionContext, SkipReason } from "../../speaker/announce-plan.ts";
import { contestFor, electOwner } from "../../speaker/announce-plan.ts";
import { electionContext, endpointsIn } from "../../speaker/election-context.ts";
import type { Layer2View } from "../cluster/layer2-view.ts";
import { aliveNodes } from "../live/live-view.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";

/** How the speakers run. */
export interface SpeakerSettings {
  /** Their `--lb-class`. */
  readonly loadBalancerClass: string;
  /** Their `--ignore-exclude-lb`. */
  readonly ignoreExcludeLabel: boolean;
}

/**
 * Who was taken to be alive: whom speakers take for `members`; every node, since speakers run with `no-membership`; nodes
 * whose speakers' Pods are ready (`ready-speakers`); or `all-nodes`, when there is no telling.
 */
export type AliveFrom = "members" | "no-membership" | "ready-speakers" | "all-nodes";

function aliveIn({ live, speakers }: Layer2View): {
  readonly alive: ReadonlySet<string> | undefined;
  readonly aliveFrom: AliveFrom;
} {
  const members = live && aliveNodes(live);
  if (members === "all") return { alive: undefined, aliveFrom: "no-membership" };
  if (members !== undefined) return { alive: members, aliveFrom: "members" };
  if (speakers === undefined) return { alive: undefined, aliveFrom: "all-nodes" };
  const ready = speakers.filter((speaker) => speaker.ready).map(({ node }) => node);
  return { alive: new Set(ready), aliveFrom: "ready-speakers" };
}

/**
 * The speakers' elections, by their own code over what was read. Who of them is alive is not in the API: those are whom
 * speakers take for members, if they were asked, else those are taken to be whose Pods are ready.
 */
export class Elections {
  /** Of pools and L2Advertisements. With any, speakers go on with what was valid before. */
  readonly issues: readonly ConfigIssue[];
  readonly aliveFrom: AliveFrom;
  readonly #context: ElectionContext;
  /** As if every node's speaker were alive. */
  readonly #unlimited: ElectionContext;
  readonly #slices: Layer2View["slices"];

  constructor(snapshot: ClusterSnapshot, view: Layer2View, settings: SpeakerSettings) {
    const { pools, issues } = parsePools(snapshot.pools, []);
    const { advertisements, issues: more } = parseL2Advertisements(view.advertisements, snapshot.pools);
    const { alive, aliveFrom } = aliveIn(view);
    const context = (nodes: typeof alive) =>
      electionContext({ pools, advertisements }, view.nodes, { ...settings, alive: nodes });
    this.aliveFrom = aliveFrom;
    this.issues = [...issues, ...more];
    this.#context = context(alive);
    this.#unlimited = alive === undefined ? this.#context : context(undefined);
    this.#slices = view.slices;
  }

  contest(service: ServiceView): Contest | { readonly refusal: SkipReason } {
    return contestFor(service, this.#endpoints(service), this.#context);
  }

  /** Who wins when speakers have no membership, and take every node's for alive. */
  ownerOfAll(service: ServiceView): string | undefined {
    const contest = contestFor(service, this.#endpoints(service), this.#unlimited);
    return "refusal" in contest ? undefined : electOwner(contest);
  }

  /** Names of the L2Advertisements for a pool, whichever Services they select. */
  advertisementsOf(pool: string): readonly string[] {
    return (this.#context.advertisements.get(pool) ?? []).map(({ advertisement }) => advertisement.name);
  }

  /** The one pool that has all of the addresses; "": there is none. */
  poolOf({ addresses }: Pick<Contest, "addresses">): string {
    return this.#context.pools.poolOf(addresses) ?? "";
  }

  #endpoints(service: ServiceView) {
    return endpointsIn(this.#slices.get(keyOfService(service)) ?? []);
  }
}
