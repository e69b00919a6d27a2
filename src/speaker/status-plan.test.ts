import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { projectBgpStatus } from "../config/bgp-status.ts";
import type { L2StatusView } from "../config/l2-status.ts";
import { projectL2Status } from "../config/l2-status.ts";
import type { KubeObject } from "../ports/kube.ts";
import type { StatusIdentity } from "./status-plan.ts";
import { BGP_STATUS, L2_STATUS } from "./status-kind.ts";
import { planStatus } from "./status-plan.ts";

const WEB = { namespace: "shop", name: "web" };
const ME: StatusIdentity = { node: "a", namespace: "metallb-system", pod: { name: "speaker-a", uid: "pod-a" } };

function status(name: string, more: Partial<L2StatusView> = {}): L2StatusView {
  return {
    name,
    resourceVersion: "1",
    service: "shop/web",
    node: "a",
    owner: "pod-a",
    written: true,
    interfaces: undefined,
    ...more,
  };
}

const OWNER = [{ apiVersion: "v1", kind: "Pod", name: "speaker-a", uid: "pod-a" }];
const STATUS = { node: "a", serviceName: "web", serviceNamespace: "shop" };

describe("planStatus", () => {
  test.each([
    ["nothing wanted, nothing there", undefined, [], []],
    [
      "nothing wanted: ours go, those of others stay",
      undefined,
      [status("1"), status("2", { node: "b" })],
      ["delete 1"],
    ],
    ["as wanted", "all", [status("1")], []],
    ["as wanted, with interfaces", ["e0", "e1"], [status("1", { interfaces: ["e0", "e1"] })], []],
    ["not there", "all", [], ["create"]],
    ["only those of others are there", "all", [status("2", { node: "b" })], ["delete 2", "create"]],
    [
      "duplicates go, the first by name stays",
      "all",
      [status("2"), status("1"), status("3")],
      ["delete 2", "delete 3"],
    ],
    ["status never written", "all", [status("1", { written: false })], ["status 1"]],
    ["interfaces appear", ["e0"], [status("1")], ["status 1"]],
    ["interfaces vanish", "all", [status("1", { interfaces: ["e0"] })], ["status 1"]],
    ["interfaces change", ["e1"], [status("1", { interfaces: ["e0"] })], ["status 1"]],
    ["written by the Pod before us", "all", [status("1", { owner: "pod-before" })], ["adopt 1"]],
  ] as const)("%s", (_, announced, existing, want) => {
    const writes = planStatus(L2_STATUS, WEB, announced, existing, ME);
    expect(writes.map((write) => (write.do === "create" ? write.do : `${write.do} ${write.name}`))).toEqual(want);
  });

  test("what is created", () => {
    expect(planStatus(L2_STATUS, WEB, "all", [], ME)).toEqual([
      {
        do: "create",
        body: {
          apiVersion: "metallb.io/v1beta1",
          kind: "ServiceL2Status",
          metadata: {
            generateName: "l2-",
            namespace: "metallb-system",
            labels: {
              "metallb.io/node": "a",
              "metallb.io/service-name": "web",
              "metallb.io/service-namespace": "shop",
            },
            ownerReferences: OWNER,
          },
          spec: {},
        },
      },
    ]);
  });

  test("a status without limits takes the interfaces away; one with limits lists them in order", () => {
    const written = status("1", { written: false });
    expect(planStatus(L2_STATUS, WEB, "all", [written], ME)).toMatchObject([
      { body: { status: { ...STATUS, interfaces: null } } },
    ]);
    expect(planStatus(L2_STATUS, WEB, ["e1", "e0"], [written], ME)).toMatchObject([
      { body: { status: { ...STATUS, interfaces: [{ name: "e0" }, { name: "e1" }] } } },
    ]);
  });

  test("a speaker that is no Pod owns nothing, and takes nothing over", () => {
    const nobody = { ...ME, pod: undefined };
    const [create] = planStatus(L2_STATUS, WEB, "all", [], nobody);
    expect(create).not.toHaveProperty("body.metadata.ownerReferences");
    expect(planStatus(L2_STATUS, WEB, "all", [status("1", { owner: "pod-before" })], nobody)).toEqual([]);
  });
});

describe("a ServiceBGPStatus", () => {
  const bgp = (name: string, peers: readonly string[], node = "a") => ({ ...status(name, { node }), peers });

  test("leaves those of other nodes alone, which announce the Service as well", () => {
    expect(planStatus(BGP_STATUS, WEB, ["x"], [bgp("1", ["x"]), bgp("2", ["x"]), bgp("3", ["x"], "b")], ME)).toEqual([
      { do: "delete", name: "2" },
    ]);
    expect(planStatus(BGP_STATUS, WEB, undefined, [bgp("1", ["x"]), bgp("3", ["x"], "b")], ME)).toEqual([
      { do: "delete", name: "1" },
    ]);
  });

  test("lists the peers", () => {
    expect(planStatus(BGP_STATUS, WEB, ["x", "y"], [bgp("1", ["x"])], ME)).toEqual([
      { do: "status", name: "1", body: { status: { ...STATUS, peers: ["x", "y"] } } },
    ]);
    expect(planStatus(BGP_STATUS, WEB, ["x"], [], ME)).toMatchObject([
      { do: "create", body: { kind: "ServiceBGPStatus", metadata: { generateName: "bgp-" } } },
    ]);
    const status = { node: "a", peers: ["x", 7, "y"] };
    expect(projectBgpStatus({ metadata: { name: "1" }, status })).toMatchObject({ written: true, peers: ["x", "y"] });
  });
});

test("what was written is read back as it was meant", () => {
  const [create] = planStatus(L2_STATUS, WEB, ["e0"], [], ME);
  const body = (create as { body: KubeObject }).body;
  const stored = { ...body, metadata: { ...body.metadata, name: "l2-x", resourceVersion: "7" } };
  const view = projectL2Status(stored);
  expect(view).toEqual(status("l2-x", { resourceVersion: "7", written: false }));
  const [write] = planStatus(L2_STATUS, WEB, ["e0"], [view], ME);
  const after = projectL2Status({ ...stored, ...(write as { body: object }).body });
  expect(planStatus(L2_STATUS, WEB, ["e0"], [after], ME)).toEqual([]);
});

test("any JSON is read without throwing", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (metadata, content) => {
      expect(projectL2Status({ metadata, status: content } as unknown as KubeObject)).toBeTypeOf("object");
    }),
  );
});
