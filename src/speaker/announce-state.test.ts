import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EndpointSliceView } from "../config/endpoint-slice.ts";
import type { NodeView } from "../config/node.ts";
import { projectService } from "../config/service.ts";
import type { Decision } from "./announce-plan.ts";
import type { Layer2Config } from "./election-context.ts";
import { AnnounceState } from "./announce-state.ts";
import { SpeakerObjects } from "./speaker-objects.ts";
import { parsePrefix, prefixRange } from "../ip/prefix.ts";

const OPTIONS = { node: "a", loadBalancerClass: "", ignoreExcludeLabel: false };

/** The objects of a cluster; undefined: not there. */
interface World {
  readonly services: Map<string, ReturnType<typeof service>>;
  readonly slices: Map<string, EndpointSliceView>;
  readonly nodes: Map<string, NodeView>;
  config: Layer2Config | undefined;
}

function service(type: string, ips: readonly string[], uid: string, policy: string) {
  return projectService({
    metadata: { namespace: "ns", name: "x", uid },
    spec: { type, externalTrafficPolicy: policy },
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
  });
}

function config(prefixes: readonly string[], interfaces: readonly string[]): Layer2Config {
  return {
    pools: prefixes.map((text, i) => ({
      name: `p${i}`,
      ranges: [prefixRange(parsePrefix(text)!)],
      autoAssign: true,
      avoidBuggyIPs: false,
      serviceAllocation: undefined,
    })),
    advertisements: [
      {
        name: "l2",
        pools: ["p0", "p1"],
        nodeSelectors: [],
        interfaces,
        serviceSelectors: [],
        preferredNodes: [],
      },
    ],
  };
}

/** A plan and what it is made from. */
class Planner {
  readonly objects = new SpeakerObjects(OPTIONS);
  readonly state = new AnnounceState(OPTIONS, this.objects);
}

type Change = (planner: Planner, world: World) => void;

const name = fc.constantFrom("ns/s1", "ns/s2", "ns/s3");
const nodeName = fc.constantFrom("a", "b", "c");

const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(
      name,
      fc.constantFrom("LoadBalancer", "LoadBalancer", "ClusterIP"),
      fc.subarray(["10.0.0.1", "fd00::1"]),
      fc.constantFrom("u1", "u2"),
      fc.constantFrom("Cluster", "Local"),
    )
    .map(([key, ...rest]): Change => ({ objects }, world) => {
      world.services.set(key, service(...rest));
      objects.setService(key, service(...rest));
    }),
  name.map((key): Change => ({ objects }, world) => {
    world.services.delete(key);
    objects.deleteService(key);
  }),
  fc
    .tuple(
      fc.constantFrom("e1", "e2", "e3"),
      fc.option(name, { nil: undefined }),
      fc.boolean(),
      fc.subarray(["a", "b", "c"]),
    )
    .map(([key, owner, usable, nodes]): Change => ({ objects }, world) => {
      const on = usable ? nodes : [];
      const slice = { service: owner, usable, nodes: on, ready: on.map(() => 1), family: undefined };
      world.slices.set(key, slice);
      objects.setSlice(key, slice);
    }),
  fc.constantFrom("e1", "e2", "e3").map((key): Change => ({ objects }, world) => {
    world.slices.delete(key);
    objects.deleteSlice(key);
  }),
  fc.tuple(nodeName, fc.boolean()).map(([node, networkUnavailable]): Change => ({ objects }, world) => {
    const view = { name: node, labels: {}, networkUnavailable };
    world.nodes.set(node, view);
    objects.setNode(view);
  }),
  nodeName.map((node): Change => ({ objects }, world) => {
    world.nodes.delete(node);
    objects.deleteNode(node);
  }),
  fc
    .tuple(fc.subarray(["10.0.0.0/24", "fd00::/64"]), fc.subarray(["eth0", "eth1"]))
    .map(([prefixes, interfaces]): Change => ({ state }, world) => {
      world.config = config(prefixes, interfaces);
      state.setConfig(world.config);
    }),
);

/** Three Services that are announced from somewhere, so that most random changes matter. */
const START: readonly Change[] = [
  ({ objects, state }, world) => {
    world.config = config(["10.0.0.0/24", "fd00::/64"], []);
    state.setConfig(world.config);
    for (const [i, key] of ["ns/s1", "ns/s2", "ns/s3"].entries()) {
      const view = service("LoadBalancer", [i === 1 ? "fd00::1" : "10.0.0.1"], "u1", i === 2 ? "Local" : "Cluster");
      const slice = { service: key, usable: true, nodes: ["a"], ready: [1], family: undefined };
      world.services.set(key, view);
      world.slices.set(`e${i + 1}`, slice);
      objects.setService(key, view);
      objects.setSlice(`e${i + 1}`, slice);
    }
    const node = { name: "a", labels: {}, networkUnavailable: false };
    world.nodes.set("a", node);
    objects.setNode(node);
  },
];

function planFromScratch(world: World): Map<string, Decision | undefined> {
  const { objects, state } = new Planner();
  for (const [key, view] of world.slices) objects.setSlice(key, view);
  for (const [key, view] of world.services) objects.setService(key, view);
  for (const view of world.nodes.values()) objects.setNode(view);
  if (world.config !== undefined) state.setConfig(world.config);
  state.replan();
  return new Map(["ns/s1", "ns/s2", "ns/s3"].map((key) => [key, state.decisionOf(key)]));
}

test("replanning what changed gives the plan that everything from scratch gives, and the changes lead there", () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 15 }), (batches) => {
      const planner = new Planner();
      const { state } = planner;
      const world: World = { services: new Map(), slices: new Map(), nodes: new Map(), config: undefined };
      const followed = new Map<string, Decision>();
      for (const batch of [START, ...batches]) {
        for (const apply of batch) apply(planner, world);
        for (const { key, service: view, before, after } of state.replan()) {
          expect(before).toEqual(followed.get(key));
          if (view === undefined) followed.delete(key);
          else followed.set(key, after);
        }
        const fresh = planFromScratch(world);
        for (const [key, decision] of fresh) {
          expect(state.decisionOf(key)).toEqual(decision);
          expect(followed.get(key)).toEqual(decision);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("objects that change nothing we look at change no plan", () => {
  const { objects, state } = new Planner();
  const node = { name: "a", labels: { rack: "1" }, networkUnavailable: false };
  const slice = { service: "ns/s1", usable: true, nodes: ["a"], ready: [1], family: undefined };
  objects.setNode(node);
  objects.setSlice("e1", slice);
  objects.setService("ns/s1", service("LoadBalancer", ["10.0.0.1"], "u", "Cluster"));
  state.setConfig(config(["10.0.0.0/24"], []));
  expect(state.replan()).toHaveLength(1);
  objects.setNode({ ...node, labels: { rack: "1" } });
  objects.setSlice("e1", { ...slice, nodes: ["a"] });
  objects.setService("ns/s1", service("LoadBalancer", ["10.0.0.1"], "u", "Cluster"));
  objects.setService("ns/s2", service("ClusterIP", [], "u", "Cluster"));
  expect(state.replan()).toEqual([]);
});

describe("what is gained may still be another living node's", () => {
  const KEY = "ns/s1";
  /** By the order of owners, the first is ours where it can be, and the second is node b's. */
  const [OURS, THEIRS] = ["10.0.0.1", "10.0.0.2"];

  /** One endpoint on each node. */
  const place = ({ objects }: Planner, ...nodes: readonly string[]): void => {
    const ready = nodes.map(() => 1);
    objects.setSlice("e1", { service: KEY, usable: nodes.length > 0, nodes, ready, family: undefined });
  };

  function planner(...nodes: readonly string[]): Planner {
    const made = new Planner();
    for (const name of nodes) made.objects.setNode({ name, labels: {}, networkUnavailable: false });
    place(made, ...nodes);
    made.state.setConfig(config(["10.0.0.0/24"], []));
    return made;
  }

  const offer = ({ objects }: Planner, ...ips: readonly string[]): void =>
    objects.setService(KEY, service("LoadBalancer", ips, "u", "Cluster"));

  const alive = ({ state }: Planner, ...nodes: readonly string[]): void => state.setAlive(new Set(nodes));

  /** Undefined: nothing was gained. */
  const gained = ({ state }: Planner): boolean | undefined =>
    state.replan().find(({ after }) => after.announce)?.takesOver;

  test.each<{ what: string; to: (made: Planner) => void; takesOver: boolean }>([
    {
      what: "when it is alive and can't announce any more",
      to: ({ objects }) => objects.setNode({ name: "b", labels: {}, networkUnavailable: true }),
      takesOver: true,
    },
    { what: "but not when it died", to: (made) => alive(made, "a"), takesOver: false },
    { what: "but not when its Node was deleted", to: ({ objects }) => objects.deleteNode("b"), takesOver: false },
  ])("$what", ({ to, takesOver }) => {
    const made = planner("a", "b");
    alive(made, "a", "b");
    offer(made, THEIRS);
    expect(gained(made)).toBeUndefined();
    to(made);
    expect(gained(made)).toBe(takesOver);
  });

  test.each([
    { nodes: ["a", "b"], takesOver: true },
    { nodes: ["a"], takesOver: false },
  ])("when we have just begun, among $nodes", ({ nodes, takesOver }) => {
    const made = planner(...nodes);
    offer(made, OURS);
    expect(gained(made)).toBe(takesOver);
  });

  test.each([
    { nodes: ["a", "b"], takesOver: true },
    { nodes: ["a"], takesOver: false },
  ])("when we have just come to live, among $nodes", ({ nodes, takesOver }) => {
    const made = planner("a", "b");
    offer(made, OURS);
    alive(made);
    expect(gained(made)).toBeUndefined();
    alive(made, ...nodes);
    expect(gained(made)).toBe(takesOver);
  });

  test("but not when it was nobody's: a new Service, an address it had before, one that nobody could announce", () => {
    const made = planner("a", "b");
    expect(gained(made)).toBeUndefined();
    offer(made, OURS);
    expect(gained(made)).toBe(false);
    offer(made);
    expect(gained(made)).toBeUndefined();
    offer(made, OURS);
    expect(gained(made)).toBe(false);
    place(made);
    expect(gained(made)).toBeUndefined();
    place(made, "a");
    expect(gained(made)).toBe(false);
  });

  test("and whoever loses an address hears who is to have it", () => {
    const made = planner("a", "b");
    offer(made, OURS);
    expect(gained(made)).toBe(true);
    made.objects.setNode({ name: "a", labels: {}, networkUnavailable: true });
    expect(made.state.replan()).toMatchObject([{ after: { reason: "nodeNetworkUnavailable", owner: "b" } }]);
  });
});
