import { describe, expect, test } from "vitest";
import { Allocator } from "../allocator/allocator.ts";
import type { Pool } from "../allocator/pool.ts";
import type { ServiceView } from "../config/service.ts";
import { projectService } from "../config/service.ts";
import { parseAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import { RecordingLog } from "../../test/support/recording-log.ts";
import { ServiceReconciler } from "./service-reconciler.ts";

const PREFIX = { IPv4: "10.0.0.", IPv6: "fd00::" } as const;

/** A reconciler with pools of one address, and the names of those it decided on. */
function world(family: Family, pools: number) {
  const decided: string[] = [];
  const allocator = new Allocator();
  const services = new ServiceReconciler({
    allocator,
    loadBalancerClass: "",
    log: new RecordingLog(),
    onPlan: (id) => decided.push(id),
    onRefusal: () => {},
  });
  services.setPools(Array.from({ length: pools }, (_, i) => pool(`p${i}`, `${PREFIX[family]}${i + 1}`)));
  return { services, decided };
}

function pool(name: string, ip: string): Pool {
  const address = parseAddress(ip)!;
  const ranges = [{ first: address, last: address }];
  return { name, ranges, autoAssign: true, avoidBuggyIPs: false, serviceAllocation: undefined };
}

function service(family: Family, name: string, key = "", port = 80): ServiceView {
  return projectService({
    metadata: { namespace: "d", name, annotations: key === "" ? {} : { "metallb.io/allow-shared-ip": key } },
    spec: {
      type: "LoadBalancer",
      clusterIPs: [family === "IPv4" ? "10.96.0.1" : "fd00:96::1"],
      ports: [{ protocol: "TCP", port }],
    },
  });
}

describe.each(["IPv4", "IPv6"] as const)("who is tried again when an %s address becomes free", (family) => {
  test("of many that wait for any address, the one that gets it", () => {
    const { services, decided } = world(family, 30);
    for (let i = 10; i < 90; i++) services.set(`d/s${i}`, service(family, `s${i}`));
    decided.length = 0;
    const freed = services.plan("d/s17")!.addresses;
    services.delete("d/s17");
    expect(decided).toEqual(["d/s40"]);
    expect(services.plan("d/s40")!.addresses).toEqual(freed);
  });

  test("of many that want to share it, those that can", () => {
    const { services, decided } = world(family, 1);
    for (let i = 10; i < 60; i++) services.set(`d/s${i}`, service(family, `s${i}`, "k"));
    services.set("d/other-port", service(family, "other-port", "k", 443));
    services.set("d/other-key", service(family, "other-key", "l", 22));
    decided.length = 0;
    services.delete("d/s10");
    expect(decided).toEqual(["d/s11"]);
    expect(services.plan("d/other-port")?.addresses).toHaveLength(1);
  });

  test("a Service waits for few things, however many pools there are", () => {
    const { services } = world(family, 9);
    for (let i = 0; i < 10; i++) services.set(`d/s${i}`, service(family, `s${i}`, `k${i}`));
    expect(services.plan("d/s9")?.waitFor).toHaveLength(2);
    expect(services.plan("d/s9")?.refusal).toMatchObject({ code: "pool-exhausted", poolCount: 9 });
  });
});
