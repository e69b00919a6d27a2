import { describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { seconds } from "../../src/lib/duration.ts";
import { ControllerLab } from "../support/controller-lab.ts";
import { kubeError } from "../support/recording-kube.ts";

const KEY = "metallb-system/memberlist";
const OPTIONS = { memberlistSecret: { name: "memberlist", deployment: "controller" } };

function labWithDeployment(): ControllerLab {
  const lab = new ControllerLab();
  lab.kube.apply(KINDS.Deployment, { metadata: { namespace: "metallb-system", name: "controller", uid: "d-1" } });
  return lab;
}

const secret = (lab: ControllerLab) => lab.kube.object(KINDS.Secret, KEY);
const keyOf = (lab: ControllerLab) => {
  const { secretkey } = secret(lab)!["data"] as { secretkey: string };
  return Buffer.from(secretkey, "base64").toString();
};
const writes = (lab: ControllerLab) =>
  lab.kube.requests.filter(({ verb, resource }) => resource.kind === "Secret" && verb !== "get");

describe("the Secret for the speakers' membership", () => {
  test("is made with a key of 16 random bytes and goes with the Deployment", async () => {
    const keys = [];
    for (let i = 0; i < 2; i++) {
      const lab = labWithDeployment();
      await lab.start(OPTIONS);
      expect(secret(lab)).toMatchObject({
        type: "Opaque",
        metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "controller", uid: "d-1" }] },
      });
      keys.push(keyOf(lab));
    }
    for (const key of keys) {
      expect(key).toMatch(/^[A-Za-z0-9+/]{22}$/);
      expect(Buffer.from(key, "base64")).toHaveLength(16);
    }
    expect(keys[0]).not.toBe(keys[1]);
  });

  test("is left alone when there is one, whatever is in it, and is not made again when it is deleted later", async () => {
    const lab = labWithDeployment();
    lab.kube.apply(KINDS.Secret, { metadata: { namespace: "metallb-system", name: "memberlist" }, data: {} });
    await lab.start(OPTIONS);
    expect(writes(lab)).toEqual([]);
  });

  test("is not made when no name is given", async () => {
    const lab = labWithDeployment();
    await lab.start();
    expect(secret(lab)).toBeUndefined();
  });

  test("that somebody makes at the same time counts", async () => {
    const lab = labWithDeployment();
    lab.kube.fail(kubeError(404, "NotFound"), 1, ({ verb, resource }) => verb === "get" && resource.kind === "Secret");
    lab.kube.apply(KINDS.Secret, { metadata: { namespace: "metallb-system", name: "memberlist" }, data: {} });
    await lab.start(OPTIONS);
    await lab.pass(seconds(120));
    expect(writes(lab).map(({ outcome }) => outcome)).toEqual(["AlreadyExists"]);
    expect(lab.log.messages("error")).toEqual([]);
  });

  test.each([
    { name: "no Deployment is named", deployment: "" },
    { name: "the Deployment is not there", deployment: "other" },
  ])("is made without an owner when $name", async ({ deployment }) => {
    const lab = labWithDeployment();
    await lab.start({ memberlistSecret: { name: "memberlist", deployment } });
    expect(secret(lab)!.metadata.ownerReferences).toBeUndefined();
    expect(lab.log.messages("warn")).toEqual([expect.stringContaining("nobody owns it")]);
  });

  test("that may not be made: said once with the fix, tried again, and addresses are given out meanwhile", async () => {
    const lab = labWithDeployment();
    let forbidden = true;
    const error = kubeError(403, "Forbidden", 'cannot create resource "secrets"');
    lab.kube.fail(error, Number.POSITIVE_INFINITY, ({ resource }) => forbidden && resource.kind === "Secret");
    lab.pool("p", { addresses: ["10.0.0.0/24"] });
    lab.service("s");
    await lab.start(OPTIONS);
    await lab.pass(seconds(600));
    expect(lab.ips("s")).toEqual(["10.0.0.0"]);
    expect(lab.log.messages("error")).toEqual([expect.stringMatching(/Role must let it get and create secrets/)]);
    expect(lab.kube.requests.filter(({ resource }) => resource.kind === "Secret").length).toBeLessThan(40);
    forbidden = false;
    await lab.pass(seconds(61));
    expect(secret(lab)).toBeDefined();
  });

  test("waits for a Deployment that can't be read for a moment", async () => {
    const lab = labWithDeployment();
    lab.kube.fail(kubeError(500, "InternalError"), 3, ({ resource }) => resource.kind === "Deployment");
    await lab.start(OPTIONS);
    await lab.pass(seconds(5));
    expect(secret(lab)!.metadata.ownerReferences).toHaveLength(1);
  });
});
