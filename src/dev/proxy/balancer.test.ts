import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { seconds } from "../../lib/duration.ts";
import { Balancer } from "./balancer.ts";

const BACKENDS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((address) => ({ address, port: 80 }));

function setUp(): { clock: ManualClock; balancer: Balancer } {
  const clock = new ManualClock();
  return { clock, balancer: new Balancer(clock) };
}

function picks(balancer: Balancer, client: string, n: number): (string | undefined)[] {
  return Array.from({ length: n }, () => balancer.pick(client)?.address);
}

describe("Balancer", () => {
  test("goes round", () => {
    const { balancer } = setUp();
    balancer.update(BACKENDS, 0);
    expect(picks(balancer, "a", 4)).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"]);
  });

  test("has nothing without endpoints", () => {
    const { balancer } = setUp();
    expect(balancer.pick("a")).toBeUndefined();
    balancer.update([], 60);
    expect(balancer.pick("a")).toBeUndefined();
  });

  test("with affinity a client keeps its endpoint until it has been away long enough", () => {
    const { balancer, clock } = setUp();
    balancer.update(BACKENDS, 60);
    expect([...picks(balancer, "a", 2), ...picks(balancer, "b", 2), ...picks(balancer, "a", 1)]).toEqual([
      "10.0.0.1",
      "10.0.0.1",
      "10.0.0.2",
      "10.0.0.2",
      "10.0.0.1",
    ]);
    clock.advance(seconds(60));
    expect(picks(balancer, "a", 2)).toEqual(["10.0.0.3", "10.0.0.3"]);
  });

  test("an endpoint that is gone is not kept", () => {
    const { balancer } = setUp();
    balancer.update(BACKENDS, 60);
    expect(picks(balancer, "a", 1)).toEqual(["10.0.0.1"]);
    balancer.update(BACKENDS.slice(1), 60);
    expect(["10.0.0.2", "10.0.0.3"]).toContain(balancer.pick("a")?.address);
  });
});
