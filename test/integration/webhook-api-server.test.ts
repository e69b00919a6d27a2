/** The real kubectl, an API server that calls webhooks, and `metallb controller` as a process of its own. */
import type { ConfigKind } from "../../src/config/config-kinds.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { KINDS } from "../../src/config/kinds.ts";
import { WEBHOOKS } from "../../src/controller/admission/webhooks.ts";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { type ApiServerLab, eventually, startApiServerLab } from "../support/api-server-lab.ts";
import { Kubectl } from "../support/kubectl.ts";
import { freePort, MetallbProcess } from "../support/metallb-process.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { webhookConfiguration } from "../support/webhook-configuration.ts";

const NAMESPACE = "metallb-system";
const KINDS_CHECKED = Object.keys(WEBHOOKS) as readonly ConfigKind[];
const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

const folder = mkdtempSync(join(tmpdir(), "metallb-webhook-"));
let lab: ApiServerLab;
let controller: MetallbProcess;
let kubectl: Kubectl;

const need = requireOrSkip(["bin:kubectl-1.36"]);

beforeAll(async () => {
  if (need.skip) return;
  const [webhookPort, healthPort] = [await freePort(), await freePort()];
  lab = await startApiServerLab({
    crds: customResourceDefinitions({ conversion: { namespace: NAMESPACE } }),
    services: { [`${NAMESPACE}/metallb-webhook-service`]: `https://127.0.0.1:${webhookPort}` },
  });
  await lab.api.post(CONFIGURATIONS, webhookConfiguration(NAMESPACE));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, lab.server.kubeconfig());
  kubectl = new Kubectl("1.36", lab.server.kubeconfig());
  controller = new MetallbProcess(
    "controller",
    `--kubeconfig=${kubeconfig}`,
    `--namespace=${NAMESPACE}`,
    `--webhook-port=${webhookPort}`,
    `--health-probe-port=${healthPort}`,
    "--port=0",
  );
  await controller.untilReady(healthPort);
  await trusted();
});

afterAll(async () => {
  if (need.skip) return;
  await controller.stop();
  await lab.close();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  if (need.skip) return;
  for (const { group, version, plural } of KINDS_CHECKED.toReversed().map((kind) => KINDS[kind]))
    await lab.api.delete(`/apis/${group}/${version}/namespaces/${NAMESPACE}/${plural}`);
});

/** Until every webhook and the conversion have a caBundle. */
async function trusted(): Promise<void> {
  const bundles = "jsonpath={.webhooks[*].clientConfig.caBundle}";
  const conversion = "jsonpath={.spec.conversion.webhook.clientConfig.caBundle}";
  await eventually(
    async () =>
      [
        await kubectl.ok(`kubectl get validatingwebhookconfiguration metallb-webhook-configuration -o '${bundles}'`),
        await kubectl.ok(`kubectl get crd bgppeers.metallb.io -o '${conversion}'`),
      ].join(" "),
    (text) => text.split(" ").filter((bundle) => bundle !== "").length === 7,
  );
}

function manifest(kind: string, name: string, spec: object, more: { namespace?: string; version?: string } = {}) {
  const { namespace = NAMESPACE, version = kind === "BGPPeer" ? "v1beta2" : "v1beta1" } = more;
  return stringify({ apiVersion: `metallb.io/${version}`, kind, metadata: { name, namespace }, spec });
}

const apply = (text: string) => kubectl.run("kubectl apply -f -", text);

const PEER = { myASN: 64_512, peerASN: 64_513 };
const POOLS = [
  manifest("IPAddressPool", "a4", { addresses: ["10.0.0.0/28"] }),
  manifest("IPAddressPool", "a6", { addresses: ["2001:db8::/124"] }),
].join("---\n");

test.skipIf(need.skip)(
  "what is written into the configuration objects is signed as the reference signs it",
  async () => {
    for (const object of ["validatingwebhookconfiguration metallb-webhook-configuration", "crd bgppeers.metallb.io"]) {
      const managers = await kubectl.ok(
        `kubectl get ${object} --show-managed-fields -o 'jsonpath={.metadata.managedFields[*].manager}'`,
      );
      expect(managers.split(" ")).toContain("MetalLB");
    }
  },
);

describe.skipIf(need.skip)("kubectl apply", () => {
  test.each<[string, object, string]>([
    ["IPAddressPool", { addresses: ["10.0.0.8/29"] }, "overlaps with already defined CIDR"],
    ["IPAddressPool", { addresses: ["2001:db8::8-2001:db8::9"] }, "overlaps with already defined CIDR"],
    ["L2Advertisement", { ipAddressPools: ["a4", "a4"] }, 'spec.ipAddressPools[1]: duplicate entry "a4"'],
    ["BGPAdvertisement", { ipAddressPools: ["a4"], aggregationLength: 26 }, "invalid aggregation length 26"],
    ["BGPAdvertisement", { ipAddressPools: ["a6"], aggregationLengthV6: 120 }, "invalid aggregation length 120"],
    ["BGPPeer", { ...PEER, peerAddress: "10.0.0" }, "invalid BGPPeer address"],
    ["BGPPeer", { ...PEER, peerAddress: "2001:db8::g" }, "invalid BGPPeer address"],
    ["Community", { communities: [{ name: "x", value: "1:99999" }] }, "invalid community value: invalid section"],
    ["Community", { communities: [{ name: "x", value: "l:1:2:3" }] }, "expected community to be of format large"],
  ])("of an invalid %s %j shows why", async (kind, spec, fragment) => {
    await kubectl.ok("kubectl apply -f -", POOLS);
    const { status, stderr } = await apply(manifest(kind, "incoming", spec));
    expect(status).toBe(1);
    expect(stderr).toContain(
      `admission webhook "${kind.toLowerCase()}validationwebhook.metallb.io" denied the request: `,
    );
    expect(stderr).toContain(`${kind} ${NAMESPACE}/incoming: spec.`);
    expect(stderr).toContain(fragment);
  });

  test("of what the schema's own rules refuse shows why, without a webhook", async () => {
    const spec = { aggregationLength: 30, serviceSelectors: [{ matchLabels: { a: "b" } }] };
    const { status, stderr } = await apply(manifest("BGPAdvertisement", "incoming", spec));
    expect(status).toBe(1);
    expect(stderr).toContain("serviceSelectors and aggregationLength are mutually exclusive");
  });

  test("of objects in another namespace shows where they belong", async () => {
    const specs: Partial<Record<ConfigKind, object>> = {
      IPAddressPool: { addresses: ["10.9.0.0/24"] },
      BGPPeer: { ...PEER, peerAddress: "10.0.0.1", disableMP: true },
    };
    const texts = KINDS_CHECKED.map((kind) => manifest(kind, "x", specs[kind] ?? {}, { namespace: "default" }));
    const { status, stderr } = await apply(texts.join("---\n"));
    expect(status).toBe(1);
    expect(stderr.match(/resource must be created in metallb-system namespace/g)).toHaveLength(6);
    for (const kind of KINDS_CHECKED) expect(stderr).toContain(`denied the request: ${kind} default/x: `);
  });

  test("of what refers to something that isn't there yet warns, and passes", async () => {
    const { status, stderr } = await apply(
      manifest("BGPPeer", "p", { ...PEER, peerAddress: "10.0.0.1", bfdProfile: "later", disableMP: true }),
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/^Warning: spec.disableMP is deprecated/m);
    expect(stderr).toMatch(/^Warning: BGPPeer metallb-system\/p: spec.bfdProfile: /m);
  });

  test("of a good object beside a broken one passes", async () => {
    await lab.api.delete(`${CONFIGURATIONS}/metallb-webhook-configuration`);
    await kubectl.ok("kubectl apply -f -", manifest("IPAddressPool", "broken", { addresses: ["nonsense"] }));
    await lab.api.post(CONFIGURATIONS, webhookConfiguration(NAMESPACE));
    await trusted();
    await kubectl.ok("kubectl apply -f -", manifest("IPAddressPool", "good", { addresses: ["10.0.0.0/24"] }));
    await kubectl.ok(`kubectl label ipaddresspool -n ${NAMESPACE} broken a=b`);
    const edit = await kubectl.run(
      `kubectl patch ipaddresspool -n ${NAMESPACE} broken --type=merge -p '{"spec":{"addresses":["10.0.0.1"]}}'`,
    );
    expect(edit.status).toBe(1);
  });
});

describe.skipIf(need.skip)("a BFDProfile", () => {
  test("stays while a peer needs it", async () => {
    await kubectl.ok("kubectl apply -f -", manifest("BFDProfile", "fast", { detectMultiplier: 3 }));
    const peer = { ...PEER, peerAddress: "2001:db8::1", bfdProfile: "fast" };
    await kubectl.ok("kubectl apply -f -", manifest("BGPPeer", "p", peer));
    const refused = await kubectl.run(`kubectl delete bfdprofile -n ${NAMESPACE} fast`);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("failed to delete BFDProfile metallb-system/fast: used by BGPPeer p");
    await kubectl.ok(`kubectl delete bgppeer -n ${NAMESPACE} p`);
    await kubectl.ok(`kubectl delete bfdprofile -n ${NAMESPACE} fast`);
  });
});

describe.skipIf(need.skip)("conversion", () => {
  test("a BGPPeer that is written as v1beta1 reads as v1beta2, and the other way round", async () => {
    const selectors = [{ matchExpressions: [{ key: "rack", operator: "In", values: ["r1"] }] }];
    const spec = { ...PEER, peerAddress: "10.0.0.1", holdTime: "90s", nodeSelectors: selectors };
    const { status, stderr } = await apply(manifest("BGPPeer", "old", spec, { version: "v1beta1" }));
    expect([status, stderr]).toEqual([0, expect.stringContaining("Warning: metallb.io/v1beta1 BGPPeer is deprecated")]);
    const read = async (version: string, name: string) =>
      JSON.parse(await kubectl.ok(`kubectl get bgppeers.${version}.metallb.io -n ${NAMESPACE} ${name} -o json`));
    expect(await read("v1beta2", "old")).toMatchObject({ apiVersion: "metallb.io/v1beta2", spec });
    expect((await read("v1beta2", "old")).spec).not.toHaveProperty("keepaliveTime");
    await kubectl.ok(
      "kubectl apply -f -",
      manifest("BGPPeer", "new", { ...spec, peerAddress: "2001:db8::1", vrf: "red" }),
    );
    const back = await read("v1beta1", "new");
    expect(back).toMatchObject({ apiVersion: "metallb.io/v1beta1", spec: { ...spec, peerAddress: "2001:db8::1" } });
    expect(back.spec).not.toHaveProperty("vrf");
  });

  test("an invalid v1beta1 is refused, too", async () => {
    const { status, stderr } = await apply(
      manifest("BGPPeer", "old", { ...PEER, peerAddress: "nonsense" }, { version: "v1beta1" }),
    );
    expect(status).toBe(1);
    expect(stderr).toContain("invalid BGPPeer address");
  });
});

describe.skipIf(need.skip)("without the webhooks", () => {
  test("what is wrong is found at run time, with the same words", async () => {
    const pools = manifest("IPAddressPool", "b", { addresses: ["10.0.0.8/29"] });
    await kubectl.ok("kubectl apply -f -", POOLS);
    const denial = (await apply(pools)).stderr;
    await kubectl.ok("kubectl delete validatingwebhookconfiguration metallb-webhook-configuration");
    await kubectl.ok("kubectl apply -f -", pools);
    const state = async () =>
      JSON.parse(await kubectl.ok(`kubectl get configurationstate -n ${NAMESPACE} controller -o json`)).status;
    const invalid = await eventually(state, ({ result }) => result === "Invalid");
    expect(invalid.errorSummary).toContain("overlaps with already defined CIDR");
    expect(denial).toContain(invalid.errorSummary.replace(/^configuration error: /, ""));
    await kubectl.ok(`kubectl delete ipaddresspool -n ${NAMESPACE} b`);
    expect(await eventually(state, ({ result }) => result === "Valid")).toMatchObject({ errorSummary: "" });
    await lab.api.post(CONFIGURATIONS, webhookConfiguration(NAMESPACE));
    await trusted();
    expect((await apply(pools)).status).toBe(1);
  });
});
