import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { type Fault, ModelWatchServer } from "../../test/support/model-watch-server.ts";
import { silentLog } from "../../test/support/silent-log.ts";
import { KINDS } from "../config/kinds.ts";
import { millis, seconds } from "../lib/duration.ts";
import { BugError } from "../lib/errors.ts";
import type { KubeObject } from "../ports/kube.ts";
import { startReflector } from "./reflector.ts";

function harness() {
  const clock = new ManualClock();
  const server = new ModelWatchServer(clock);
  const store = new Map<string, string | undefined>();
  const counts = { set: 0, delete: 0, synced: 0 };
  const start = (project = (object: KubeObject) => object.metadata.resourceVersion) =>
    startReflector(
      server,
      { clock, random: { next: () => 0.5 }, log: silentLog },
      { resource: KINDS.Service, project },
      {
        set: (key, version) => {
          counts.set++;
          store.set(key, version);
        },
        delete: (key) => {
          counts.delete++;
          if (!store.delete(key)) throw new Error(`${key} deleted twice`);
        },
        synced: () => {
          counts.synced++;
        },
      },
    );
  const expected = () => new Map([...server.state].map(([name, version]) => [`ns/${name}`, version]));
  return { clock, server, store, counts, start, expected };
}

const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
const fault = fc.constantFrom<Fault>(
  "none",
  "refused",
  "unauthorized",
  "busy",
  "unsupported",
  "expired",
  "drop",
  "expire-midway",
  "duplicate",
  "hang",
  "stale",
  "no-end",
  "slow",
);
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("fail" as const), fault }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("break" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 10, 1000, 30_000, 700_000) }),
  },
);

describe("reflector", () => {
  test("property: after quiescence the store is the server's state, whatever broke on the way", () => {
    fc.assert(
      fc.property(
        fc.array(name),
        fc.array(fault, { maxLength: 3 }),
        fc.array(action, { maxLength: 60 }),
        (...given) => {
          const [names, faults, actions] = given;
          const { clock, server, store, counts, start, expected } = harness();
          for (const each of names) server.put(each);
          server.faults = [...faults];
          start();
          for (const each of actions) {
            if (each.do === "put") server.put(each.name);
            else if (each.do === "remove") server.remove(each.name);
            else if (each.do === "fail") server.faults.push(each.fault);
            else if (each.do === "break") server.breakStreams();
            else if (each.do === "compact") server.compact();
            else clock.advance(millis(each.ms));
          }
          // Faults that are still to come, two watches that hang until the watchdog, and the longest backoff in between.
          clock.advance(seconds(40 * 660));
          expect(store).toEqual(expected());
          expect(counts.synced).toBe(1);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("property: nothing is told that didn't change, while the server is well", () => {
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const { clock, server, counts, start } = harness();
        start();
        clock.advance(seconds(1));
        for (const each of names) server.put(each);
        clock.advance(seconds(7200));
        expect(counts).toEqual({ set: names.length, delete: 0, synced: 1 });
      }),
      { numRuns: 50 },
    );
  });

  test("an hour of a quiet cluster costs a handful of requests", () => {
    const { clock, server, start } = harness();
    start();
    clock.advance(seconds(3600));
    expect(server.exchanges).toBeLessThanOrEqual(9);
  });

  test.each<Fault>(["refused", "unauthorized", "busy", "expired", "drop", "expire-midway"])(
    "ten minutes of %s cost less than forty requests",
    (each) => {
      const { clock, server, start } = harness();
      server.put("a");
      server.faults = Array.from({ length: 1000 }, () => each);
      start();
      clock.advance(seconds(600));
      expect(server.exchanges).toBeLessThan(40);
    },
  );

  test("a watch that hangs is given up thirty seconds after its time", () => {
    const { clock, server, store, start, expected } = harness();
    server.put("a");
    server.faults = ["none", "hang"];
    const random = 450;
    start();
    clock.advance(seconds(random + 1));
    server.put("b");
    server.put("c");
    clock.advance(seconds(random + 29));
    expect(store).not.toEqual(expected());
    clock.advance(seconds(3));
    expect(store).toEqual(expected());
  });

  test("a streaming list may take its time as long as it goes on", () => {
    const { clock, server, counts, start } = harness();
    for (const each of ["a", "b", "c", "d"]) server.put(each);
    server.faults = ["slow"];
    start();
    clock.advance(seconds(30));
    expect(counts).toEqual({ set: 4, delete: 0, synced: 1 });
    expect(server.exchanges).toBe(1);
  });

  test("after close nothing is told and no timer is left", () => {
    const { clock, server, counts, start } = harness();
    const handle = start();
    clock.advance(seconds(1));
    handle.close();
    server.put("a");
    clock.advance(seconds(3600));
    expect(counts.set).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("a projection that throws is a bug that names the object", () => {
    const { clock, server, start } = harness();
    server.put("a");
    start(() => {
      throw new TypeError("no such field");
    });
    const advance = () => clock.advance(seconds(1));
    expect(advance).toThrow(expect.objectContaining({ constructor: BugError, message: "handling Service ns/a threw" }));
  });
});
