import { describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { seconds } from "../../src/lib/duration.ts";
import type { ControllerLab } from "../support/controller-lab.ts";
import { quoted, type Stack, STACKS } from "../support/stacks.ts";
import { expectStory, type Story } from "../support/story.ts";

/**
 * What happens to one Service, step by step in the order in which MetalLB decides. "ours:" marks rows where we differ on
 * purpose; docs/differences.md says why.
 */
type Row = { readonly name: string; readonly story: (stack: Stack) => Story };

const shown = (ips: readonly string[]) => ({ loadBalancer: { ingress: ips.map((ip) => ({ ip })) } });
const NOTHING_SHOWN = { ips: [], pool: undefined, condition: undefined };

function one(stack: Stack, more: Partial<Story> = {}): Story {
  return { pools: { a: { addresses: stack.ranges(0, 1, 3) } }, steps: [], ...more };
}

/** A Service that has its addresses. */
const settled = (stack: Stack) => ({
  do: (lab: ControllerLab) => lab.service("s", stack.service),
  want: {
    s: {
      ips: stack.ips(0, 1),
      pool: "a",
      condition: "True Allocated",
      events: [`Normal IPAllocated Assigned IP ${quoted(stack.ips(0, 1))}`],
    },
  },
});

const EVERY_STACK: readonly Row[] = [
  {
    name: "a Service that becomes a ClusterIP shows nothing of us any more, without an event",
    story: (stack) =>
      one(stack, {
        steps: [
          settled(stack),
          {
            do: (lab) => lab.edit("s", { spec: { type: "ClusterIP" } }),
            want: { s: { ...NOTHING_SHOWN, events: [] } },
          },
        ],
      }),
  },
  {
    name: "a ClusterIP Service that shows addresses loses them",
    story: (stack) =>
      one(stack, {
        steps: [
          {
            do: (lab) =>
              lab.service("s", { ...stack.service, spec: { type: "ClusterIP" }, status: shown(stack.ips(0, 1)) }),
            want: { s: NOTHING_SHOWN },
          },
        ],
      }),
  },
  {
    name: "without pools a new Service gets nothing and is told so",
    story: (stack) =>
      one(stack, {
        pools: {},
        steps: [
          {
            do: (lab) => lab.service("s", stack.service),
            want: {
              s: {
                ips: [],
                pool: undefined,
                condition: "False NoPools",
                events: ['Warning AllocationFailed Failed to allocate IP for "default/s": there is no IPAddressPool'],
              },
            },
          },
        ],
      }),
  },
  {
    name: "when the last pool goes, addresses are cleared, with the reason for each",
    story: (stack) =>
      one(stack, {
        steps: [
          settled(stack),
          {
            do: (lab) => lab.removePool("a"),
            want: {
              s: {
                ips: [],
                pool: undefined,
                condition: "False NoPools",
                events: [
                  ...stack
                    .ips(0, 1)
                    .map(
                      (ip) => `Normal ClearAssignment current IP ["${ip}"] of "default/s" is given up: ${ip} is in no`,
                    ),
                  'Warning AllocationFailed Failed to allocate IP for "default/s": there is no IPAddressPool',
                ],
              },
            },
          },
        ],
      }),
  },
  {
    name: "ours: a new Service without cluster IPs is told so, too",
    story: (stack) =>
      one(stack, {
        steps: [
          {
            do: (lab) => lab.service("s", { ...stack.service, spec: { clusterIP: "", clusterIPs: [] } }),
            want: {
              s: { ips: [], condition: "False ClusterIpMissing", events: ["Warning noclusterIPsIPFamily"] },
            },
          },
        ],
      }),
  },
  ...["None", ""].map((clusterIP) => ({
    name: `a Service whose cluster IP becomes ${JSON.stringify(clusterIP)} keeps what it has and is told why`,
    story: (stack: Stack) =>
      one(stack, {
        steps: [
          settled(stack),
          {
            do: (lab: ControllerLab) =>
              lab.edit("s", { spec: { clusterIP, clusterIPs: clusterIP === "" ? [] : [clusterIP] } }),
            want: {
              s: {
                ips: stack.ips(0, 1),
                pool: "a",
                condition: "False ClusterIpMissing",
                events: [
                  `Warning noclusterIPsIPFamily Failed to allocate IP for "default/s", keeping ${quoted(stack.ips(0, 1))}: the Service has no cluster IP`,
                ],
              },
            },
          },
        ],
      }),
  })),
  {
    name: "entries with a host name count for nothing and are replaced",
    story: (stack) =>
      one(stack, {
        steps: [
          {
            do: (lab) =>
              lab.service("s", {
                ...stack.service,
                status: { loadBalancer: { ingress: [{ hostname: "lb.example" }] } },
              }),
            want: { s: { ips: stack.ips(0, 1), events: ["Normal IPAllocated"] } },
          },
        ],
      }),
  },
  {
    name: "text that is no address makes the families of the status unknown; all is assigned anew",
    story: (stack) =>
      one(stack, {
        steps: [
          {
            do: (lab) => lab.service("s", { ...stack.service, status: shown(["garbage"]) }),
            want: {
              s: {
                ips: stack.ips(0, 1),
                pool: "a",
                condition: "True Allocated",
                events: [
                  'Warning nolbIPsIPFamily the IPs ["garbage"] of "default/s" are not one per family',
                  "Normal IPAllocated",
                ],
              },
            },
          },
        ],
      }),
  },
  {
    name: "two addresses of a family make the families of the status unknown; one of them stays",
    story: (stack) =>
      one(stack, {
        steps: [
          {
            do: (lab) =>
              lab.service("s", { ...stack.service, status: shown([...stack.ips(0, 2), ...stack.ips(0, 3)]) }),
            want: { s: { ips: stack.ips(0, 2), pool: "a", events: ["Warning nolbIPsIPFamily"] } },
          },
        ],
      }),
  },
  {
    name: "an address that no pool has any more is given up and replaced",
    story: (stack) =>
      one(stack, {
        steps: [
          {
            do: (lab) => lab.service("s", { ...stack.service, status: shown(stack.ips(9, 9)) }),
            want: {
              s: {
                ips: stack.ips(0, 1),
                pool: "a",
                condition: "True Allocated",
                events: [
                  ...stack.ips(9, 9).map((ip) => `Normal ClearAssignment current IP ["${ip}"] of "default/s"`),
                  `Normal IPAllocated Assigned IP ${quoted(stack.ips(0, 1))}`,
                ],
              },
            },
          },
        ],
      }),
  },
  {
    name: "another requested pool is moved to without ClearAssignment",
    story: (stack) =>
      one(stack, {
        pools: { a: { addresses: stack.ranges(0, 1, 3) }, b: { addresses: stack.ranges(1, 1, 3) } },
        steps: [
          settled(stack),
          {
            do: (lab) => lab.annotate("s", { "metallb.io/address-pool": "b" }),
            want: {
              s: {
                ips: stack.ips(1, 1),
                pool: "b",
                condition: "True Allocated",
                events: [`Normal IPAllocated Assigned IP ${quoted(stack.ips(1, 1))}`],
              },
            },
          },
        ],
      }),
  },
  {
    name: "a request that can't be read changes nothing and is told",
    story: (stack) =>
      one(stack, {
        steps: [
          settled(stack),
          {
            do: (lab) => lab.annotate("s", { "metallb.io/loadBalancerIPs": "10.0.0" }),
            want: {
              s: {
                ips: stack.ips(0, 1),
                pool: "a",
                condition: "False RequestMalformed",
                events: [
                  `Warning LoadBalancerFailed Failed to allocate IP for "default/s", keeping ${quoted(stack.ips(0, 1))}: annotation metallb.io/loadBalancerIPs`,
                ],
              },
            },
          },
        ],
      }),
  },
  {
    name: "a Service that comes with a status and a request that can't be read keeps what it shows",
    story: (stack) =>
      one(stack, {
        steps: [
          {
            do: (lab) =>
              lab.service("s", { ...stack.service, spec: { loadBalancerIP: "x" }, status: shown(stack.ips(0, 2)) }),
            want: { s: { ips: stack.ips(0, 2), pool: "a", condition: "False RequestMalformed" } },
          },
          { do: (lab) => lab.service("t", stack.service), want: { t: { ips: stack.ips(0, 1) } } },
          { do: (lab) => lab.service("u", stack.service), want: { u: { ips: stack.ips(0, 3) } } },
        ],
      }),
  },
  {
    name: "a Service whose request can't be read loses an address of no pool with the reason",
    story: (stack) =>
      one(stack, {
        steps: [
          settled(stack),
          {
            do: (lab) => lab.annotate("s", { "metallb.io/loadBalancerIPs": "10.0.0" }),
            want: { s: { ips: stack.ips(0, 1) } },
          },
          {
            do: (lab) => lab.pool("a", { addresses: stack.ranges(0, 2, 3) }),
            want: {
              s: {
                ips: [],
                pool: undefined,
                condition: "False RequestMalformed",
                events: [
                  ...stack.ips(0, 1).map((ip) => `Normal ClearAssignment current IP ["${ip}"]`),
                  'Warning LoadBalancerFailed Failed to allocate IP for "default/s": annotation',
                ],
              },
            },
          },
        ],
      }),
  },
  {
    name: "other requested addresses are moved to without ClearAssignment",
    story: (stack) =>
      one(stack, {
        steps: [
          settled(stack),
          {
            do: (lab) => lab.annotate("s", { "metallb.io/loadBalancerIPs": stack.ips(0, 3).join(",") }),
            want: {
              s: {
                ips: stack.ips(0, 3),
                condition: "True Allocated",
                events: [`Normal IPAllocated Assigned IP ${quoted(stack.ips(0, 3))}`],
              },
            },
          },
        ],
      }),
  },
  {
    name: "ours: the order of the request does not matter, and nothing is re-sorted later",
    story: (stack) =>
      one(stack, {
        steps: [
          {
            do: (lab) =>
              lab.service("s", {
                ...stack.service,
                annotations: { "metallb.io/loadBalancerIPs": stack.ips(0, 2).toReversed().join(" , ") },
              }),
            want: { s: { ips: stack.ips(0, 2), events: ["Normal IPAllocated"] } },
          },
          { do: (lab) => lab.pass(seconds(60)), want: { s: { ips: stack.ips(0, 2), events: [] } } },
        ],
      }),
  },
  {
    name: "nothing free: AllocationFailed names the Service and the reason",
    story: (stack) =>
      one(stack, {
        pools: { a: { addresses: stack.ranges(0, 1, 1) } },
        steps: [
          settled(stack),
          {
            do: (lab) => lab.service("t", stack.service),
            want: {
              t: {
                ips: [],
                pool: undefined,
                condition: "False PoolExhausted",
                events: ['Warning AllocationFailed Failed to allocate IP for "default/t": no free IPv'],
              },
            },
          },
        ],
      }),
  },
];

describe.each(STACKS)("one $name Service, step by step", (stack) => {
  test.each(EVERY_STACK)("$name", async ({ story }) => {
    await expectStory(story(stack));
  });
});

describe.each(STACKS)("when the decision on an $name Service is made", (stack) => {
  const status = (lab: ControllerLab) => lab.kube.object(KINDS.Service, "default/s")?.["status"];
  const SINGLE = { pools: { a: { addresses: stack.ranges(0, 1, 1) } } };

  test("addresses and pool come in one status write, each entry with nothing but its address", async () => {
    const lab = await expectStory(one(stack, { steps: [settled(stack)] }));
    const writes = lab.kube.requests.filter(({ resource }) => resource.kind === "Service");
    expect(writes.map(({ verb, subresource, outcome }) => [verb, subresource, outcome])).toEqual([
      ["patch", "status", "ok"],
    ]);
    expect(writes[0]!.body).toMatchObject({ metadata: { annotations: { "metallb.io/ip-allocated-from-pool": "a" } } });
    expect(status(lab)).toMatchObject({ loadBalancer: { ingress: stack.ips(0, 1).map((ip) => ({ ip })) } });
  });

  test("nothing that changes nothing is written: foreign edits, ipMode from the API server, restarts", async () => {
    const lab = await expectStory(one(stack, { steps: [settled(stack)] }));
    const writes = lab.serviceWrites;
    lab.edit("s", { metadata: { labels: { a: "b" }, annotations: { "example.com/note": "x" } } });
    lab.edit("s", { status: { loadBalancer: { ingress: stack.ips(0, 1).map((ip) => ({ ip, ipMode: "VIP" })) } } });
    await lab.pass(seconds(60));
    await lab.stop();
    await lab.start();
    expect(lab.serviceWrites).toBe(writes);
    expect(lab.events("s")).toHaveLength(1);
  });

  test("each deprecated annotation is told with a write, and only with one", async () => {
    const annotations = { "metallb.universe.tf/address-pool": "a", "metallb.universe.tf/allow-shared-ip": "k" };
    const deprecations = ["address-pool", "allow-shared-ip"].map(
      (name) =>
        `Warning deprecatedAnnotation annotation metallb.universe.tf/${name} is deprecated; use metallb.io/${name}`,
    );
    await expectStory(
      one(stack, {
        steps: [
          {
            do: (lab) => lab.service("s", { ...stack.service, annotations }),
            want: { s: { ips: stack.ips(0, 1), events: ["Normal IPAllocated", ...deprecations] } },
          },
          { do: (lab) => lab.edit("s", { metadata: { labels: { a: "b" } } }), want: { s: { events: [] } } },
        ],
      }),
    );
  });

  test.each<{ name: string; act: (lab: ControllerLab) => void }>([
    { name: "is deleted", act: (lab) => lab.remove("s") },
    { name: "becomes a ClusterIP", act: (lab) => lab.edit("s", { spec: { type: "ClusterIP" } }) },
    { name: "moves to another pool", act: (lab) => lab.annotate("s", { "metallb.io/address-pool": "b" }) },
  ])("what it had goes to who waits when it $name", async ({ act }) => {
    const pools = { ...SINGLE.pools, b: { addresses: stack.ranges(1, 1, 1), autoAssign: false } };
    const waits = { ips: stack.ips(0, 1), condition: "True Allocated", events: ["Normal IPAllocated"] };
    await expectStory({
      pools,
      steps: [
        settled(stack),
        { do: (lab) => lab.service("t", stack.service), want: { t: { condition: "False PoolExhausted" } } },
        { do: act, want: { t: waits } },
      ],
    });
  });

  test("a sharing key that changes lets in who waits for it", async () => {
    const key = (text: string) => ({ annotations: { "metallb.io/allow-shared-ip": text } });
    await expectStory({
      ...SINGLE,
      steps: [
        { do: (lab) => lab.service("s", { ...stack.service, ...key("x") }), want: { s: { ips: stack.ips(0, 1) } } },
        {
          do: (lab) => lab.service("t", { ...stack.service, ...key("y"), ports: ["TCP/443"] }),
          want: { t: { ips: [], condition: "False PoolExhausted" } },
        },
        {
          do: (lab) => lab.annotate("s", { "metallb.io/allow-shared-ip": "y" }),
          want: { s: { ips: stack.ips(0, 1) }, t: { ips: stack.ips(0, 1), condition: "True Allocated" } },
        },
      ],
    });
  });

  test("the deletion of a Service without an address concerns nobody", async () => {
    const lab = await expectStory({
      ...SINGLE,
      steps: [
        settled(stack),
        { do: (lab) => lab.service("t", stack.service), want: { t: { ips: [] } } },
        { do: (lab) => lab.service("u", stack.service), want: { u: { ips: [] } } },
      ],
    });
    const writes = lab.serviceWrites;
    lab.remove("t");
    await lab.quiet();
    expect(lab.serviceWrites).toBe(writes);
  });
});
