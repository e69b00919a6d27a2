import { describe, test } from "vitest";
import { seconds } from "../../src/lib/duration.ts";
import { DUAL, quoted, type Stack, V4, V6 } from "../support/stacks.ts";
import { expectStory, type Story } from "../support/story.ts";

/** Which families a Service may have, and what it shows of them. "ours:" marks rows where we differ on purpose. */
interface Row {
  readonly name: string;
  readonly story: Story;
}

const shown = (ips: readonly string[]) => ({ loadBalancer: { ingress: ips.map((ip) => ({ ip })) } });
const PREFER = { ipFamilyPolicy: "PreferDualStack" };

function one(stack: Stack, more: Partial<Story> = {}): Story {
  return { pools: { a: { addresses: stack.ranges(0, 1, 3) } }, steps: [], ...more };
}

const FAMILIES: readonly Row[] = [
  ...[V4, V6].map((stack) => ({
    name: `RequireDualStack with one cluster IP (${stack.name}) is refused as "not enough clusterips"`,
    story: one(DUAL, {
      steps: [
        {
          do: (lab) => lab.service("s", { families: stack.families, policy: "RequireDualStack" }),
          want: {
            s: { ips: [], condition: "False DualStackImpossible", events: ["Warning not enough clusterips"] },
          },
        },
      ],
    }),
  })),
  ...[V4, V6].map((stack) => ({
    name: `ours: ${stack.name} becoming RequireDualStack keeps its address while that is impossible`,
    story: one(DUAL, {
      steps: [
        { do: (lab) => lab.service("s", stack.service), want: { s: { ips: stack.ips(0, 1) } } },
        {
          do: (lab) => lab.edit("s", { spec: { ipFamilyPolicy: "RequireDualStack" } }),
          want: {
            s: {
              ips: stack.ips(0, 1),
              pool: "a",
              condition: "False DualStackImpossible",
              events: ["Warning not enough clusterips"],
            },
          },
        },
      ],
    }),
  })),
  ...[
    { was: V4, is: V6 },
    { was: V6, is: V4 },
  ].map(({ was, is }) => ({
    name: `an ${is.name} Service that shows an ${was.name} address gives it up and gets its own`,
    story: one(DUAL, {
      steps: [
        {
          do: (lab) => lab.service("s", { ...is.service, status: shown(was.ips(0, 2)) }),
          want: {
            s: {
              ips: is.ips(0, 1),
              condition: "True Allocated",
              events: [
                `Normal ClearAssignment current IP ${quoted(was.ips(0, 2))} of "default/s" is given up: ${was.name} requested, but the Service is ${is.name}`,
                "Normal IPAllocated",
              ],
            },
          },
        },
      ],
    }),
  })),
  ...[V4, V6].map((stack) => ({
    name: `RequireDualStack that shows only ${stack.name} keeps that and gets the other`,
    story: one(DUAL, {
      steps: [
        {
          do: (lab) => lab.service("s", { ...DUAL.service, status: shown(stack.ips(0, 2)) }),
          want: {
            s: {
              ips: DUAL.families.flatMap((family) =>
                family === stack.name ? stack.ips(0, 2) : other(stack).ips(0, 1),
              ),
              events: [`Normal IPAllocated Assigned additional IP ${quoted(other(stack).ips(0, 1))}`],
            },
          },
        },
      ],
    }),
  })),
  ...[V4, V6].map((stack) => ({
    name: `PreferDualStack that shows only ${stack.name} gets the other from the same pool`,
    story: one(DUAL, {
      pools: { a: { addresses: DUAL.ranges(5, 1, 3) }, b: { addresses: DUAL.ranges(0, 1, 3) } },
      steps: [
        {
          do: (lab) => lab.service("s", { ...DUAL.service, spec: PREFER, status: shown(stack.ips(0, 2)) }),
          want: {
            s: {
              ips: DUAL.families.flatMap((family) =>
                family === stack.name ? stack.ips(0, 2) : other(stack).ips(0, 1),
              ),
              pool: "b",
              condition: "True Allocated",
              events: [`Normal IPAllocated Assigned additional IP ${quoted(other(stack).ips(0, 1))}`],
            },
          },
        },
      ],
    }),
  })),
  ...[V4, V6].map((stack) => ({
    name: `ours: PreferDualStack in a pool of ${stack.name} only is told once, not on every pass`,
    story: one(stack, {
      steps: [
        {
          do: (lab) => lab.service("s", { ...DUAL.service, spec: PREFER }),
          want: {
            s: {
              ips: stack.ips(0, 1),
              condition: "True OneFamilyAllocated",
              events: [
                `Normal IPAllocated Assigned IP ${quoted(stack.ips(0, 1))}`,
                'Normal AdditionalAssignFailed no additional IP for "default/s": no IPv',
              ],
            },
          },
        },
        {
          do: async (lab) => {
            lab.edit("s", { metadata: { labels: { touched: "yes" } } });
            await lab.pass(seconds(60));
          },
          want: { s: { ips: stack.ips(0, 1), events: [] } },
        },
      ],
    }),
  })),
  ...[V4, V6].map((stack) => ({
    name: `ours: PreferDualStack with one cluster IP (${stack.name}) in a dual pool has one address and never flaps`,
    story: one(DUAL, {
      steps: [
        {
          do: (lab) => lab.service("s", { families: stack.families, policy: "PreferDualStack" }),
          want: { s: { ips: stack.ips(0, 1), condition: "True Allocated", events: ["Normal IPAllocated"] } },
        },
        {
          do: async (lab) => {
            for (let i = 0; i < 5; i++) lab.edit("s", { metadata: { labels: { touched: `${i}` } } });
            await lab.pass(seconds(60));
          },
          want: { s: { ips: stack.ips(0, 1), events: [] } },
        },
      ],
    }),
  })),
];

function other(stack: Stack): Stack {
  return stack === V4 ? V6 : V4;
}

describe("families of a Service and of what it shows", () => {
  test.each(FAMILIES)("$name", async ({ story }) => {
    await expectStory(story);
  });
});
