import { describe, expect, test } from "vitest";
import { ControllerLab, type ServiceSpec } from "../support/controller-lab.ts";
import { DUAL, type Stack, STACKS, V4, V6 } from "../support/stacks.ts";
import { expectStory } from "../support/story.ts";

/** Who may be on one address. "ours:" marks rows where we differ on purpose. */
const KEY = "metallb.io/allow-shared-ip";
const IPS = "metallb.io/loadBalancerIPs";
const SHARED = "True Allocated";

interface Side {
  readonly key?: string;
  readonly ports?: readonly string[];
  /** externalTrafficPolicy Local with this selector; undefined: Cluster. */
  readonly local?: Readonly<Record<string, string>>;
  /** Selector with externalTrafficPolicy Cluster. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

function spec(stack: Stack, { key, ports = ["TCP/80"], local, selector, namespace }: Side): ServiceSpec {
  return {
    ...stack.service,
    ports,
    annotations: { [IPS]: stack.ips(0, 1).join(","), ...(key === undefined ? {} : { [KEY]: key }) },
    spec: { selector: local ?? selector ?? {}, externalTrafficPolicy: local === undefined ? "Cluster" : "Local" },
    ...(namespace === undefined ? {} : { namespace }),
  };
}

const PAIRS: readonly { name: string; first: Side; second: Side; want: string }[] = [
  { name: "one key, two ports", first: { key: "k" }, second: { key: "k", ports: ["TCP/443"] }, want: SHARED },
  {
    name: "one key, TCP and UDP of one port",
    first: { key: "k" },
    second: { key: "k", ports: ["UDP/80"] },
    want: SHARED,
  },
  {
    name: "one key, TCP and SCTP of one port",
    first: { key: "k" },
    second: { key: "k", ports: ["SCTP/80"] },
    want: SHARED,
  },
  {
    name: "one key, two namespaces",
    first: { key: "k", namespace: "other" },
    second: { key: "k", ports: ["TCP/443"] },
    want: SHARED,
  },
  { name: "one key, one port", first: { key: "k" }, second: { key: "k" }, want: "False PortConflict" },
  {
    name: "one key, one port of many",
    first: { key: "k", ports: ["TCP/80", "TCP/443", "UDP/53"] },
    second: { key: "k", ports: ["TCP/8080", "UDP/53"] },
    want: "False PortConflict",
  },
  { name: "no keys", first: {}, second: { ports: ["TCP/443"] }, want: "False AddressInUse" },
  { name: "a key on the first only", first: { key: "k" }, second: { ports: ["TCP/443"] }, want: "False AddressInUse" },
  { name: "a key on the second only", first: {}, second: { key: "k", ports: ["TCP/443"] }, want: "False AddressInUse" },
  { name: "empty keys", first: { key: "" }, second: { key: "", ports: ["TCP/443"] }, want: "False AddressInUse" },
  {
    name: "two keys",
    first: { key: "k" },
    second: { key: "l", ports: ["TCP/443"] },
    want: "False SharingKeyConflict",
  },
  {
    name: "keys that differ in case",
    first: { key: "k" },
    second: { key: "K", ports: ["TCP/443"] },
    want: "False SharingKeyConflict",
  },
  {
    name: "Cluster and Cluster with two selectors",
    first: { key: "k", selector: { app: "a" } },
    second: { key: "k", selector: { app: "b" }, ports: ["TCP/443"] },
    want: SHARED,
  },
  {
    name: "Local and Local with one selector, written in two orders",
    first: { key: "k", local: { app: "a", tier: "1" } },
    second: { key: "k", local: { tier: "1", app: "a" }, ports: ["TCP/443"] },
    want: SHARED,
  },
  {
    name: "Local and Local with two selectors",
    first: { key: "k", local: { app: "a" } },
    second: { key: "k", local: { app: "b" }, ports: ["TCP/443"] },
    want: "False BackendConflict",
  },
  {
    name: "Local and Local, one selector has a label more",
    first: { key: "k", local: { app: "a" } },
    second: { key: "k", local: { app: "a", tier: "1" }, ports: ["TCP/443"] },
    want: "False BackendConflict",
  },
  {
    name: "Cluster and Local",
    first: { key: "k", selector: { app: "a" } },
    second: { key: "k", local: { app: "a" }, ports: ["TCP/443"] },
    want: "False BackendConflict",
  },
  {
    name: "Cluster and Local without a selector",
    first: { key: "k" },
    second: { key: "k", local: {}, ports: ["TCP/443"] },
    want: SHARED,
  },
];

describe.each(STACKS)("two $name Services that ask for one address", (stack) => {
  test.each(PAIRS)("$name: $want", async ({ first, second, want }) => {
    const lab = new ControllerLab();
    lab.pool("a", { addresses: stack.ranges(0, 1, 3) });
    await lab.start();
    lab.service("first", spec(stack, first));
    await lab.quiet();
    lab.service("second", spec(stack, second));
    await lab.quiet();
    const other = `${first.namespace ?? "default"}/first`;
    expect(lab.shown(other)).toEqual({ ips: stack.ips(0, 1), pool: "a", condition: SHARED });
    expect(lab.shown("second")).toMatchObject({ ips: want === SHARED ? stack.ips(0, 1) : [], condition: want });
    if (want !== SHARED)
      expect(lab.events("second")).toEqual([
        expect.stringMatching(new RegExp(`^Warning AllocationFailed .*conflict.*${other}`)),
      ]);
    const gauge = `metallb_allocator_addresses_in_use_total{pool="a"}`;
    expect(lab.metrics.values.get(gauge)).toBe(stack.families.length);
  });
});

describe("a Service that shares with two others on its two addresses", () => {
  const other = (stack: Stack, key: string) => ({ ...spec(stack, { key, ports: ["TCP/443"] }) });
  test.each([
    { name: "both let it in", v4: "k", v6: "k", want: SHARED, ips: DUAL.ips(0, 1) },
    { name: "the IPv4 address does not", v4: "l", v6: "k", want: "False SharingKeyConflict", ips: [] },
    { name: "the IPv6 address does not", v4: "k", v6: "l", want: "False SharingKeyConflict", ips: [] },
  ])("$name", async ({ v4, v6, want, ips }) => {
    await expectStory({
      pools: { a: { addresses: DUAL.ranges(0, 1, 3) } },
      steps: [
        { do: (lab) => lab.service("four", other(V4, v4)), want: { four: { ips: V4.ips(0, 1) } } },
        { do: (lab) => lab.service("six", other(V6, v6)), want: { six: { ips: V6.ips(0, 1) } } },
        { do: (lab) => lab.service("s", spec(DUAL, { key: "k" })), want: { s: { ips, condition: want } } },
      ],
    });
  });
});

/** Without a request: the number of the address that each Service gets. */
const PACKED: readonly { name: string; services: readonly Side[]; want: readonly number[] }[] = [
  {
    name: "ours: a key goes to the lowest address in use under it, not to a free one below",
    services: [{}, { key: "k" }, { key: "k", ports: ["TCP/443"] }],
    want: [1, 2, 2],
  },
  {
    name: "where the port is taken, the next one under the key",
    services: [{ key: "k" }, { key: "k" }, { key: "k", ports: ["TCP/443"] }, { key: "k", ports: ["TCP/443"] }],
    want: [1, 2, 1, 2],
  },
  {
    name: "keys and selectors are kept apart",
    services: [
      { key: "k", ports: ["TCP/1"] },
      { key: "l", ports: ["TCP/2"] },
      { key: "k", local: { app: "a" }, ports: ["TCP/3"] },
      { key: "k", ports: ["TCP/4"] },
      { key: "l", ports: ["TCP/5"] },
      { key: "k", local: { app: "a" }, ports: ["TCP/6"] },
    ],
    want: [1, 2, 3, 1, 2, 3],
  },
  { name: "without a key everybody is alone", services: [{}, { ports: ["TCP/443"] }], want: [1, 2] },
];

describe.each(STACKS)("$name Services with keys and no request", (stack) => {
  const free = (side: Side) => ({
    ...spec(stack, side),
    annotations: side.key === undefined ? {} : { [KEY]: side.key },
  });

  test.each(PACKED)("$name", async ({ services, want }) => {
    const lab = new ControllerLab();
    lab.pool("a", { addresses: stack.ranges(0, 1, 9) });
    await lab.start();
    for (const [i, side] of services.entries()) lab.service(`s${i}`, free(side));
    await lab.quiet();
    expect(services.map((_, i) => lab.ips(`s${i}`))).toEqual(want.map((n) => stack.ips(0, n)));
  });

  test("an exhausted pool still has room for those who share", async () => {
    await expectStory({
      pools: { a: { addresses: stack.ranges(0, 1, 1) } },
      steps: [
        { do: (lab) => lab.service("s", free({ key: "k" })), want: { s: { ips: stack.ips(0, 1) } } },
        {
          do: (lab) => lab.service("t", free({ ports: ["TCP/443"] })),
          want: { t: { condition: "False PoolExhausted" } },
        },
        {
          do: (lab) => lab.service("u", free({ key: "k", ports: ["TCP/443"] })),
          want: { u: { ips: stack.ips(0, 1) } },
        },
      ],
    });
  });
});
