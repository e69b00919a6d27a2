import type { IpPrefix } from "../../ip/prefix.ts";
import type { Clock } from "../../ports/clock.ts";
import { type BgpPage, type BgpSource, timeText } from "../live-state.ts";
import type { LiveBgp, LivePeer } from "./live-bgp.ts";
import { livePeer, type TimeText } from "./live-peer.ts";
import { routePage, routesOf } from "./live-routes.ts";
import type { PeerReport } from "./peer-manager.ts";

/** Who knows how it is with the peers. */
interface Reporting {
  report(peer: string): PeerReport | undefined;
  /** By name, in any order. */
  reports(): readonly (readonly [string, PeerReport])[];
}

/** What sessions tell of themselves for `/state`. */
export class LiveSessions implements BgpSource {
  readonly #sessions: Reporting;
  readonly #clock: Pick<Clock, "now" | "wallTime">;

  constructor(sessions: Reporting, clock: Pick<Clock, "now" | "wallTime">) {
    this.#sessions = sessions;
    this.#clock = clock;
  }

  peers(prefixes: readonly IpPrefix[]): LiveBgp {
    const time = this.#timeText();
    const peers = this.#sessions.reports().map(([, report]) => ({
      ...livePeer(report, time),
      ...(prefixes.length === 0 ? {} : { routes: routesOf(report.rib, prefixes) }),
    }));
    return { peers: peers.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  /** One peer without its routes. */
  now(name: string): LivePeer | undefined {
    const report = this.#sessions.report(name);
    return report && livePeer(report, this.#timeText());
  }

  peer(name: string, after: IpPrefix | undefined, limit: number): BgpPage {
    const report = this.#sessions.report(name);
    if (report === undefined) return { bgp: { peers: [] }, next: undefined };
    const { routes, next } = routePage(report.rib, after, limit);
    return { bgp: { peers: [{ ...livePeer(report, this.#timeText()), routes }] }, next };
  }

  /** Monotonic times become those of the clock that people read, by what both say now. */
  #timeText(): TimeText {
    const ahead = this.#clock.wallTime() - this.#clock.now();
    return (at) => timeText(at + ahead);
  }
}
