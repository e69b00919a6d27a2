import { beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { Replica } from "../../src/controller/replica.ts";
import { withPermit } from "../../src/k8s/leader-gate.ts";
import { UNLIMITED_PERMIT } from "../../src/k8s/write-permit.ts";
import { seconds } from "../../src/lib/duration.ts";
import type { KubeClient } from "../../src/ports/kube.ts";
import { ControllerLab } from "../support/controller-lab.ts";
import { settle } from "../support/settle.ts";

type Arrival = () => void;

/** A client whose writes to Services wait on their way to the server until the test lets them arrive. */
class DelayingClient {
  readonly onTheWay: Arrival[] = [];
  delays = false;
  readonly client: KubeClient;

  constructor(lab: ControllerLab) {
    const { kube } = lab;
    const arrival = () => (this.delays ? new Promise<void>((arrive) => this.onTheWay.push(arrive)) : undefined);
    this.client = {
      get: (resource, name) => kube.get(resource, name),
      list: (...read) => kube.list(...read),
      create: (resource, body, options) => kube.create(resource, body, options),
      replace: (...write) => kube.replace(...write),
      delete: (...write) => kube.delete(...write),
      patch: async (...write) => {
        if (write[0].kind === "Service") await arrival();
        return kube.patch(...write);
      },
    };
  }
}

/** Two replicas on one API server. Nobody leads yet. */
class Pair {
  readonly lab = new ControllerLab();
  readonly ofOld = new DelayingClient(this.lab);
  readonly ofNext = new DelayingClient(this.lab);
  readonly old = this.#join(this.ofOld.client);
  readonly next = this.#join(this.ofNext.client);
  /** Two Services with one address, whenever it was. */
  readonly collisions: string[] = [];

  #join(client: KubeClient): Replica {
    const { clock, kube, log, metrics } = this.lab;
    const ports = { clock, random: { next: () => 0.5 }, watcher: kube, client, events: kube, log, metrics };
    const options = {
      namespace: "metallb-system",
      loadBalancerClass: "",
      podName: undefined,
      memberlistSecret: undefined,
    };
    return new Replica(ports, options);
  }

  watchForCollisions(): void {
    const check = () => {
      const shown = this.lab.kube.objects(KINDS.Service).flatMap(({ metadata }) => this.lab.ips(metadata.name));
      if (new Set(shown).size < shown.length) this.collisions.push(shown.join());
    };
    this.lab.kube.watch(
      { resource: KINDS.Service, project: (object) => object },
      { set: check, delete: check, synced: check },
    );
  }
}

let pair: Pair;

beforeEach(() => {
  pair = new Pair();
  pair.lab.pool("p", { addresses: ["10.0.0.1-10.0.0.9"] });
});

describe("a standby", () => {
  test("reads everything, is ready, and decides, writes and says nothing", async () => {
    const { lab, old, next } = pair;
    lab.service("s");
    lab.pool("invalid", { addresses: ["10.0.0.1"] });
    await lab.quiet();
    expect([old.unread, next.unread]).toEqual([[], []]);
    expect(lab.kube.requests).toEqual([]);
    expect([lab.log.messages("error"), lab.log.messages("warn"), lab.events()]).toEqual([[], [], []]);
    expect(lab.metrics.series("metallb_allocator_addresses_total")).toEqual([]);
  });

  test("leads at once with what it knows after an orderly end, and writes nothing that is there", async () => {
    const { lab, old, next } = pair;
    lab.service("a");
    lab.service("b", { spec: { loadBalancerIP: "10.9.9.9" } });
    old.lead("orderly");
    await lab.quiet();
    await old.stop();
    const before = lab.kube.requests.length;
    next.lead("orderly");
    await lab.pass(seconds(5));
    expect(lab.kube.requests.slice(before)).toEqual([]);
    lab.service("c");
    await lab.quiet();
    expect(lab.ips("c")).toEqual(["10.0.0.2"]);
  });

  test("who steps down leaves no gauges behind and can lead again", async () => {
    const { lab, old, next } = pair;
    lab.service("a");
    old.lead("orderly");
    await lab.quiet();
    old.stepDown();
    next.lead("unclean");
    lab.service("b");
    await lab.quiet();
    next.stepDown();
    expect(lab.metrics.series("metallb_allocator_addresses_total")).toEqual([]);
    lab.service("c");
    await lab.quiet();
    expect(lab.shown("c").ips).toEqual([]);
    old.lead("orderly");
    await lab.quiet();
    expect(["a", "b", "c"].map((name) => lab.ips(name))).toEqual([["10.0.0.1"], ["10.0.0.2"], ["10.0.0.3"]]);
    expect(lab.log.messages("error")).toEqual([]);
  });
});

describe("what the old leader sent last arrives while the new one writes", () => {
  /** Runs a succession in which the late writes arrive after that many of the new leader's. */
  async function succession(how: "orderly" | "unclean", after: number): Promise<Pair> {
    const world = new Pair();
    const { lab, ofOld, ofNext, old, next } = world;
    lab.pool("p", { addresses: ["10.0.0.1-10.0.0.9"] });
    lab.service("settled");
    old.lead("orderly");
    await lab.quiet();
    for (const client of [ofOld, ofNext]) client.delays = true;
    // The old leader hears of the younger ones first, so it gives them what the new one gives to others.
    for (const [i, name] of ["z", "y", "x"].entries()) {
      lab.service(name, { age: 100 - i });
      await settle(2);
    }
    world.watchForCollisions();
    expect(ofOld.onTheWay).toHaveLength(3);
    old.stepDown();
    next.lead(how);
    await settle(2);
    for (let i = 0; i < after; i++) {
      ofNext.onTheWay.shift()?.();
      await settle(2);
    }
    for (const client of [ofOld, ofNext]) {
      client.delays = false;
      for (const arrive of client.onTheWay) arrive();
      await settle(2);
    }
    await lab.quiet();
    return world;
  }

  const AFTER = Array.from({ length: 8 }, (_, i) => i);

  test.each(AFTER)("no address is shown by two, and all have one: after %d writes", async (after) => {
    const { lab, collisions } = await succession("unclean", after);
    expect(collisions).toEqual([]);
    expect(lab.ips("settled")).toEqual(["10.0.0.1"]);
    expect(new Set(["x", "y", "z"].map((name) => lab.ips(name)[0])).size).toBe(3);
    const writes = lab.kube.requests.filter(({ key, outcome }) => key === "default/settled" && outcome === "ok");
    expect(writes).toHaveLength(1);
  });

  test("as if the end had been orderly, there would be collisions", async () => {
    const seen = [];
    for (const after of AFTER) seen.push((await succession("orderly", after)).collisions.length);
    expect(Math.max(...seen)).toBeGreaterThan(0);
  });
});

describe("before the first decision after an unclean end", () => {
  test("a Service that nobody can write to holds up the others for a minute at most", async () => {
    const { lab, next } = pair;
    lab.service("a");
    lab.service("b");
    const error = { code: 500, reason: "InternalError", message: "webhook down", retryable: true };
    lab.kube.fail(error, Number.POSITIVE_INFINITY, ({ verb, key }) => verb === "patch" && key === "default/a");
    next.lead("unclean");
    await lab.pass(seconds(50));
    expect(lab.ips("b")).toEqual([]);
    await lab.pass(seconds(80));
    expect(lab.ips("b")).toEqual(["10.0.0.2"]);
  });

  test("who stops then does not end in order: whoever follows has to do it, too", async () => {
    const { lab, ofNext, next } = pair;
    lab.service("a");
    ofNext.delays = true;
    next.lead("unclean");
    await lab.quiet();
    const stopped = next.stop();
    for (const arrive of ofNext.onTheWay) arrive();
    expect(await stopped).toBe(false);
  });

  test("who stops afterwards does", async () => {
    const { lab, old, next } = pair;
    lab.service("a");
    next.lead("unclean");
    await lab.quiet();
    expect([await next.stop(), await old.stop()]).toEqual([true, true]);
  });

  test("what waits says so, keeps its reason, and is told nothing twice", async () => {
    const { lab, old, next } = pair;
    lab.service("waits", { spec: { loadBalancerIP: "10.9.9.9" } });
    old.lead("orderly");
    await lab.quiet();
    const events = lab.events();
    const condition = lab.shown("waits").condition;
    const version = lab.view("waits").resourceVersion;
    old.stepDown();
    next.lead("unclean");
    await lab.quiet();
    expect(lab.view("waits").resourceVersion).not.toBe(version);
    expect([lab.events(), lab.shown("waits").condition]).toEqual([events, condition]);
  });
});

test("without the permission nothing reaches the server, and it is tried again soon", async () => {
  const { lab } = pair;
  let open = true;
  const permit = { remaining: () => (open ? seconds(1) : (0 as never)), signal: UNLIMITED_PERMIT.signal };
  const { clock, kube, log, metrics } = lab;
  const client = withPermit(kube, permit);
  const replica = new Replica(
    { clock, random: { next: () => 0.5 }, watcher: kube, client, events: kube, log, metrics },
    { namespace: "metallb-system", loadBalancerClass: "", podName: undefined, memberlistSecret: undefined },
  );
  replica.lead("orderly");
  await lab.quiet();
  open = false;
  const before = kube.requests.length;
  lab.service("s");
  await lab.pass(seconds(600));
  expect(kube.requests.length).toBe(before);
  expect(log.messages("warn")).toEqual([]);
  open = true;
  await lab.pass(seconds(1.1));
  expect(lab.ips("s")).toEqual(["10.0.0.1"]);
  await replica.stop();
});
