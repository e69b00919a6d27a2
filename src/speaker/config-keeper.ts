import type { ServiceView } from "../config/service.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { ConfigOutcome, ConfigRefusal, ConfigSource } from "./config-source.ts";

export interface ConfigKeeperPorts {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Is told everything that is wrong now; nothing: all of the configuration is in force. */
  readonly report: (errors: readonly string[]) => void;
}

/** Log lines about one configuration. */
const MOST_LINES = 50;

/** Takes what is new in the configuration, and tells people about it. */
export class ConfigKeeper {
  readonly #source: ConfigSource;
  readonly #ports: ConfigKeeperPorts;
  #inForce = { layer2: false, bgp: false };
  /** What was last complained about. */
  #complaint = "";

  constructor(source: ConfigSource, ports: ConfigKeeperPorts) {
    this.#source = source;
    this.#ports = ports;
  }

  /** The parts that are new and good; undefined: nothing new. `announced` are the Services this node announces. */
  take(announced: () => readonly ServiceView[]): ConfigOutcome | undefined {
    const outcome = this.#source.next(announced);
    if (outcome === undefined) return undefined;
    const { log, metrics, report } = this.#ports;
    const { layer2, bgp, refusals } = outcome;
    metrics.set("metallb_k8s_client_config_stale_bool", {}, refusals.length === 0 ? 0 : 1);
    report(refusals.map(({ error }) => error));
    this.#inForce = {
      layer2: this.#inForce.layer2 || layer2 !== undefined,
      bgp: this.#inForce.bgp || bgp !== undefined,
    };
    if (layer2 !== undefined) metrics.set("metallb_k8s_client_config_loaded_bool", {}, 1);
    if (layer2 !== undefined || bgp !== undefined) log.info(counts(outcome), "configuration accepted");
    this.#complain(refusals);
    return outcome;
  }

  /** Once about the same things. */
  #complain(refusals: readonly ConfigRefusal[]): void {
    const { log, metrics } = this.#ports;
    const complaint = refusals.map(({ error }) => error).join("\n");
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    if (complaint === "") return;
    metrics.add("metallb_k8s_client_update_errors_total", {}, 1);
    for (const { part, error } of refusals.slice(0, MOST_LINES)) {
      const what = part === "all" ? "configuration" : `${part} configuration`;
      log.error({ error, part }, `${what} refused, ${this.#consequence(part)}: ${error}`);
    }
    const more = refusals.length - MOST_LINES;
    if (more > 0) log.error({ more }, `${more} more issues of the configuration: run metallb validate`);
  }

  #consequence(part: ConfigRefusal["part"]): string {
    const { layer2, bgp } = this.#inForce;
    const inForce = { all: layer2 || bgp, "layer 2": layer2, BGP: bgp }[part];
    return inForce ? "the last good one stays in force" : "nothing is announced";
  }
}

function counts({ layer2, bgp }: ConfigOutcome): Readonly<Record<string, number>> {
  return {
    ...(layer2 && { pools: layer2.pools.length, l2Advertisements: layer2.advertisements.length }),
    ...(bgp && { bgpPeers: bgp.peers.length, bgpAdvertisements: bgp.advertisements.length }),
  };
}
