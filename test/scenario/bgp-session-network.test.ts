import { describe, expect, test } from "vitest";
import type { SessionConfig } from "../../src/bgp/session/config.ts";
import { seconds } from "../../src/lib/duration.ts";
import { PLACES, sessionConfig } from "../support/bgp-session-config.ts";
import { SessionNetwork, type SpeakerName } from "../support/bgp-session-network.ts";
import { seededRandom } from "../support/seeded-random.ts";

const NAMES: readonly SpeakerName[] = ["a", "b"];

function network(seed: number, changes: Partial<SessionConfig> = {}, family: "IPv4" | "IPv6" = "IPv4"): SessionNetwork {
  const a = sessionConfig({ holdTime: seconds(9), keepaliveTime: seconds(3), ...changes });
  const b = sessionConfig({
    holdTime: seconds(9),
    keepaliveTime: seconds(3),
    localAsn: 64_513,
    remoteAs: { is: "number", asn: 64_512 },
    // Which of the two dominates is left to the seed.
    routerId: a.routerId + (seed % 2 === 0 ? 1 : -1),
    ...changes,
  });
  const places = PLACES[family];
  return new SessionNetwork({ a, b }, { a: places.us, b: places.peer }, seededRandom(seed));
}

/** Both have the same one connection, with its two timers and no others. */
function expectOneSession(net: SessionNetwork, what: string): void {
  const seen = NAMES.map((name) => ({
    state: net.session(name).state,
    timers: net.armed(name).map((timer) => timer.split("/")[0]),
  }));
  const good = { state: "Established", timers: ["hold", "keepalive"] };
  expect({ seen, connections: net.openConnections }, what).toEqual({ seen: [good, good], connections: 1 });
  for (const name of NAMES) expect([...net.session(name).timers].sort(), what).toEqual(net.armed(name));
}

describe("two speakers that connect to each other", () => {
  test("come to one session, whoever begins and whatever crosses on the way, in 10,000 runs", () => {
    for (let seed = 0; seed < 10_000; seed++) {
      const net = network(seed);
      net.weather.delay = 1 + (seed % 50);
      const random = seededRandom(seed + 1);
      net.at(0, () => net.handle("a", { on: "start" }));
      net.at(random.next() * 100, () => net.handle("b", { on: "start" }));
      net.run(3000);
      expectOneSession(net, `seed ${seed}`);
    }
  });
});
