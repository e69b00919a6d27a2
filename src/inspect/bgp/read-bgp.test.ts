import { expect, test } from "vitest";
import { configObject } from "../../../test/support/config-objects.ts";
import { kubeError, RecordingKube } from "../../../test/support/recording-kube.ts";
import { KINDS } from "../../config/kinds.ts";
import { readBgp } from "./read-bgp.ts";

const WEB = { namespace: "shop", name: "web" };

function cluster(): RecordingKube {
  const kube = new RecordingKube();
  kube.apply(KINDS.BGPAdvertisement, configObject("bgp", {}));
  kube.apply(KINDS.BGPPeer, configObject("router", {}));
  return kube;
}

test("reads what is there", async () => {
  const { view, notes } = await readBgp(cluster(), "metallb-system", WEB);
  expect(notes).toEqual([]);
  expect(view).toMatchObject({ advertisements: [{}], peers: [{}], bfdProfiles: [], communities: [], statuses: [] });
});

test("a cluster without BGP is asked one question", async () => {
  const kube = new RecordingKube();
  expect(await readBgp(kube, "metallb-system", WEB)).toEqual({ view: undefined, notes: [] });
  expect(kube.requests).toHaveLength(1);
});

test("what can't be read is noted, and statuses can be done without", async () => {
  const kube = cluster();
  kube.fail(kubeError(403, "Forbidden"), 1, ({ resource }) => resource.kind === "ServiceBGPStatus");
  const { view, notes } = await readBgp(kube, "metallb-system", WEB);
  expect(view).toMatchObject({ peers: [{}], statuses: undefined });
  expect(notes).toEqual([expect.stringContaining("not read: servicebgpstatuses: ")]);
  kube.fail(kubeError(403, "Forbidden"), 1, ({ resource }) => resource.kind === "BGPPeer");
  expect((await readBgp(kube, "metallb-system", WEB)).view).toBeUndefined();
});
