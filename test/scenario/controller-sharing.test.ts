import { describe, expect, test } from "vitest";
import { ControllerLab } from "../support/controller-lab.ts";

const KEY = "metallb.universe.tf/allow-shared-ip";

function shared(key: string, ip: string, ports: readonly string[]) {
  return { annotations: { [KEY]: key }, spec: { loadBalancerIP: ip }, ports };
}

async function sharingLab(): Promise<ControllerLab> {
  const lab = new ControllerLab();
  lab.pool("production-pool", { addresses: ["192.168.1.100-192.168.1.110"] });
  await lab.start();
  return lab;
}

describe("sharing an address by key, as the documents for users describe it", () => {
  test("HTTP and HTTPS on one requested address", async () => {
    const lab = await sharingLab();
    lab.service("web-http", shared("web-services", "192.168.1.100", ["TCP/80"]));
    lab.service("web-https", shared("web-services", "192.168.1.100", ["TCP/443"]));
    await lab.quiet();
    for (const name of ["web-http", "web-https"])
      expect(lab.shown(name)).toEqual({ ips: ["192.168.1.100"], pool: "production-pool", condition: "True Allocated" });
    expect(lab.events("web-http")).toEqual([
      'Normal IPAllocated Assigned IP ["192.168.1.100"]',
      `Warning deprecatedAnnotation annotation ${KEY} is deprecated; use metallb.io/allow-shared-ip`,
    ]);
  });

  test("the same port of TCP and UDP", async () => {
    const lab = await sharingLab();
    lab.service("dns-tcp", shared("dns-services", "192.168.1.101", ["TCP/53"]));
    lab.service("dns-udp", shared("dns-services", "192.168.1.101", ["UDP/53"]));
    await lab.quiet();
    expect([lab.ips("dns-tcp"), lab.ips("dns-udp")]).toEqual([["192.168.1.101"], ["192.168.1.101"]]);
  });

  test("a port conflict is refused with an event, a condition and a log line that name the other Service", async () => {
    const lab = await sharingLab();
    lab.service("web-http", shared("web-services", "192.168.1.100", ["TCP/80", "TCP/8080"]));
    lab.service("web-copy", shared("web-services", "192.168.1.100", ["TCP/8080"]));
    await lab.quiet();
    const sentence = "port conflict on 192.168.1.100: TCP/8080 is in use by default/web-http";
    expect(lab.shown("web-copy")).toEqual({ ips: [], pool: undefined, condition: "False PortConflict" });
    expect(lab.events("web-copy")[0]).toBe(
      `Warning AllocationFailed Failed to allocate IP for "default/web-copy": ${sentence}; use another port or another address`,
    );
    expect(lab.log.lines).toContainEqual({
      level: "warn",
      fields: { service: "default/web-copy", reason: "port-conflict", otherService: "default/web-http", keeping: [] },
      message: `not allocated: ${sentence}; use another port or another address`,
    });
  });

  test.each([
    { name: "different keys", first: { [KEY]: "a" }, second: { [KEY]: "b" }, want: "False SharingKeyConflict" },
    { name: "no key on the first", first: {}, second: { [KEY]: "b" }, want: "False AddressInUse" },
    { name: "no key on the second", first: { [KEY]: "a" }, second: {}, want: "False AddressInUse" },
    { name: "no keys", first: {}, second: {}, want: "False AddressInUse" },
    {
      name: "an empty new key over an old one",
      first: { [KEY]: "a" },
      second: { [KEY]: "a", "metallb.io/allow-shared-ip": "" },
      want: "False AddressInUse",
    },
    {
      name: "old and new spelling of one key",
      first: { [KEY]: "a" },
      second: { "metallb.io/allow-shared-ip": "a" },
      want: "True Allocated",
    },
  ])("$name: $want", async ({ first, second, want }) => {
    const lab = await sharingLab();
    const spec = { loadBalancerIP: "192.168.1.100" };
    lab.service("first", { annotations: first, spec, ports: ["TCP/80"] });
    lab.service("second", { annotations: second, spec, ports: ["TCP/443"] });
    await lab.quiet();
    expect(lab.shown("first").condition).toBe("True Allocated");
    expect(lab.shown("second").condition).toBe(want);
    if (want.startsWith("False")) expect(lab.events("second")[0]).toMatch(/conflict.*default\/first/);
  });

  const local = (selector: object) => ({ loadBalancerIP: "192.168.1.100", externalTrafficPolicy: "Local", selector });
  test.each([
    {
      name: "Local with one selector",
      first: local({ a: "1", b: "2" }),
      second: local({ b: "2", a: "1" }),
      want: "True Allocated",
    },
    {
      name: "Local with two selectors",
      first: local({ app: "a" }),
      second: local({ app: "b" }),
      want: "False BackendConflict",
    },
    {
      name: "Cluster and Local",
      first: { loadBalancerIP: "192.168.1.100" },
      second: local({ app: "b" }),
      want: "False BackendConflict",
    },
    {
      name: "Cluster with two selectors",
      first: { loadBalancerIP: "192.168.1.100", selector: { app: "a" } },
      second: { loadBalancerIP: "192.168.1.100", selector: { app: "b" } },
      want: "True Allocated",
    },
  ])("$name: $want", async ({ first, second, want }) => {
    const lab = await sharingLab();
    lab.service("first", { annotations: { [KEY]: "k" }, spec: first, ports: ["TCP/80"] });
    lab.service("second", { annotations: { [KEY]: "k" }, spec: second, ports: ["TCP/443"] });
    await lab.quiet();
    expect(lab.shown("second").condition).toBe(want);
  });

  test("a key packs: the lowest address in use under it that has the port free, else the lowest free one", async () => {
    const lab = await sharingLab();
    lab.service("other", {});
    lab.service("a", { annotations: { [KEY]: "k" }, ports: ["TCP/80"] });
    lab.service("b", { annotations: { [KEY]: "k" }, ports: ["TCP/80"] });
    lab.service("c", { annotations: { [KEY]: "k" }, ports: ["TCP/443"] });
    lab.service("d", { annotations: { [KEY]: "k" }, ports: ["TCP/443", "UDP/53"] });
    lab.service("e", { annotations: { [KEY]: "k" }, ports: ["TCP/443"] });
    await lab.quiet();
    const last = (name: string) => Number(lab.ips(name)[0]!.split(".")[3]);
    expect(["other", "a", "b", "c", "d", "e"].map(last)).toEqual([100, 101, 102, 101, 102, 103]);
  });
});

describe("when terms change", () => {
  test("the only Service on an address changes its key in place, and who waited for that joins", async () => {
    const lab = await sharingLab();
    lab.service("a", shared("old", "192.168.1.100", ["TCP/80"]));
    lab.service("b", shared("new", "192.168.1.100", ["TCP/443"]));
    await lab.quiet();
    expect(lab.shown("b").condition).toBe("False SharingKeyConflict");
    lab.annotate("a", { [KEY]: "new" });
    await lab.quiet();
    expect([lab.ips("a"), lab.ips("b")]).toEqual([["192.168.1.100"], ["192.168.1.100"]]);
    expect(lab.shown("b").condition).toBe("True Allocated");
  });

  test("a key that fits nobody any more moves the Service that changed it, with a reason", async () => {
    const lab = await sharingLab();
    lab.service("a", { annotations: { [KEY]: "k" }, ports: ["TCP/80"] });
    lab.service("b", { annotations: { [KEY]: "k" }, ports: ["TCP/443"] });
    await lab.quiet();
    lab.annotate("a", { [KEY]: "mine" });
    await lab.quiet();
    expect([lab.ips("a"), lab.ips("b")]).toEqual([["192.168.1.101"], ["192.168.1.100"]]);
    expect(lab.events("a").slice(-3, -1)).toEqual([
      expect.stringMatching(/^Normal ClearAssignment .*"192.168.1.100".*sharing key conflict.*default\/b/),
      'Normal IPAllocated Assigned IP ["192.168.1.101"]',
    ]);
  });

  test("without a free address it stays where it is and says why, and the rest goes on", async () => {
    const lab = new ControllerLab();
    lab.pool("one", { addresses: ["10.0.0.1/32"] });
    await lab.start();
    lab.service("a", { annotations: { [KEY]: "k" }, ports: ["TCP/80"] });
    lab.service("b", { annotations: { [KEY]: "k" }, ports: ["TCP/443"] });
    await lab.quiet();
    lab.annotate("b", { [KEY]: "mine" });
    await lab.quiet();
    expect(lab.shown("b")).toEqual({ ips: ["10.0.0.1"], pool: "one", condition: "False PoolExhausted" });
    expect(lab.shown("a").condition).toBe("True Allocated");
    await lab.stop();
    const writes = lab.serviceWrites;
    await lab.start();
    expect(lab.serviceWrites).toBe(writes);
    lab.remove("a");
    await lab.quiet();
    expect(lab.shown("b")).toEqual({ ips: ["10.0.0.1"], pool: "one", condition: "True Allocated" });
  });

  test("a restart remembers who changed its key, though that one is older", async () => {
    const lab = new ControllerLab();
    lab.pool("one", { addresses: ["10.0.0.1/32", "fd00::1/128"] });
    await lab.start();
    const dual = {
      ipFamilyPolicy: "PreferDualStack",
      clusterIPs: ["10.96.0.1", "fd96::1"],
      ipFamilies: ["IPv4", "IPv6"],
    };
    lab.service("older", { age: 0, annotations: { [KEY]: "k" }, ports: ["TCP/80"] });
    lab.service("younger", { age: 1, annotations: { [KEY]: "k" }, ports: ["TCP/443"], spec: dual });
    await lab.quiet();
    lab.annotate("older", { [KEY]: "mine" });
    await lab.quiet();
    const shown = () => ["older", "younger"].map((name) => lab.shown(name));
    const before = shown();
    expect(before).toMatchObject([
      { ips: ["10.0.0.1"] },
      { ips: ["10.0.0.1", "fd00::1"], condition: "True Allocated" },
    ]);
    await lab.stop();
    const writes = lab.serviceWrites;
    await lab.start();
    expect(shown()).toEqual(before);
    expect(lab.serviceWrites).toBe(writes);
  });

  test("ports that collide on a shared address move the Service that changed them, or take its address away", async () => {
    const lab = new ControllerLab();
    lab.pool("two", { addresses: ["10.0.0.1-10.0.0.2"] });
    await lab.start();
    for (const [name, port] of [
      ["a", 80],
      ["b", 443],
      ["c", 53],
    ] as const)
      lab.service(name, { annotations: { [KEY]: "k" }, ports: [`TCP/${port}`] });
    await lab.quiet();
    lab.edit("b", { spec: { ports: [{ protocol: "TCP", port: 80 }] } });
    await lab.quiet();
    expect([lab.ips("a"), lab.ips("b")]).toEqual([["10.0.0.1"], ["10.0.0.2"]]);
    lab.edit("c", { spec: { ports: [{ protocol: "TCP", port: 80 }] } });
    await lab.quiet();
    expect(lab.shown("c")).toEqual({ ips: [], pool: undefined, condition: "False PoolExhausted" });
    expect(lab.events("c").filter((event) => event.includes("ClearAssignment"))).toEqual([
      expect.stringContaining("port conflict on 10.0.0.1: TCP/80 is in use by default/a"),
    ]);
  });
});
