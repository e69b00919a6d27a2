/** What docs/migrate.md says, line by line, in a cluster whose kubelets run our Pods; those of MetalLB are stand-ins. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AnswerTimes } from "../../src/dev/lab/answer-times.ts";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { blocksOf, commandsOf, readDocument, ROOT } from "../support/documents.ts";
import { runHelm } from "../support/helm.ts";
import { Kubectl } from "../support/kubectl.ts";
import { openTestLab } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { webBehindPool } from "../support/web-behind-pool.ts";
import { wordsOf } from "../support/document-commands.ts";

const REFERENCE_CHART = resolve(import.meta.dirname, "../support/reference-chart");
const NAMESPACE = "metallb-system";
const URL = "http://192.168.1.107/";
const OURS = { controller: "ghcr.io/metallb-ts/controller", speaker: "ghcr.io/metallb-ts/speaker" };
const THEIRS = { controller: "quay.io/metallb/controller", speaker: "quay.io/metallb/speaker" };

/** With what the reference's controller has written. */
const OBJECTS = `
apiVersion: v1
kind: Secret
metadata: { name: metallb-memberlist, namespace: ${NAMESPACE} }
data: { secretkey: ZEdocGMybHpNVFppZVhSbGMyeHZiZw== }
---${webBehindPool({ annotations: { "metallb.io/ip-allocated-from-pool": "pool" } })}`;
const STATUS = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: "192.168.1.107" }] } } });

/** Commands of a section of the document, those of all its blocks. */
function documented(section: string): readonly string[] {
  return blocksOf(readDocument("docs/migrate.md"))
    .filter((block) => block.section === section)
    .flatMap((block) => commandsOf(block));
}

describe.skipIf(requireOrSkip(["root", "netns", "addon", "bin:kubectl-1.36"]).skip)("docs/migrate.md", () => {
  let lab: Lab;
  let kubectl: Kubectl;

  beforeAll(async () => {
    lab = await openTestLab({ install: false });
    kubectl = new Kubectl("1.36", readFileSync(lab.folder.kubeconfig, "utf8"));
    const ignore = "--set crds.validationFailurePolicy=Ignore,frrk8s.enabled=false";
    await run(`helm install metallb ${REFERENCE_CHART} -n ${NAMESPACE} --create-namespace ${ignore}`);
    await kubectl.ok("kubectl apply -f -", OBJECTS);
    await kubectl.ok(`kubectl patch service web --subresource=status --type=merge -p '${STATUS}'`);
    await kubectl.ok(`kubectl rollout status daemonset metallb-speaker -n ${NAMESPACE} --timeout=30s`);
  });
  afterAll(() => lab?.close());

  /** Runs a line as its reader would, in the folder of the project and without values of their own. */
  async function run(line: string): Promise<void> {
    if (!line.startsWith("helm ")) return void (await kubectl.ok(line));
    const words = wordsOf(line.replace(" -f values.yaml", "").replace("charts/metallb", `${ROOT}/charts/metallb`));
    const { status, stdout, stderr } = await runHelm(words.slice(1), lab.folder.kubeconfig);
    if (status !== 0) throw new Error(`${line}: ${stdout}${stderr}`);
  }

  const service = (): Promise<string> => kubectl.ok("kubectl get service web -o yaml");
  /** How many Pods there are of each image. */
  async function images(): Promise<Readonly<Record<string, number>>> {
    const text = await kubectl.ok(
      `kubectl get pods -n ${NAMESPACE} -o jsonpath='{.items[*].spec.containers[*].image}'`,
    );
    const names = text.split(" ").map((image) => image.replace(/:[^:]*$/, ""));
    return Object.fromEntries(
      [...new Set(names)].map((name) => [name, names.filter((other) => other === name).length]),
    );
  }

  test("at your own pace, then one node after the other: nobody writes to the Service, and it is served", async () => {
    const before = await service();
    const first = documented("With Helm, one node after the other");
    const [stopController, rollOut] = [first.slice(0, 2), first.slice(3, 5)];
    const pace = documented("With Helm, at your own pace").filter((line) => !line.startsWith("metallb "));
    for (const line of [...stopController, ...pace.slice(0, -2)]) await run(line);
    expect(await images()).toEqual({ [OURS.controller]: 1, [OURS.speaker]: 1, [THEIRS.speaker]: 2 });
    for (const line of [...pace.slice(-2), ...rollOut]) await run(line);
    expect(await images()).toEqual({ [OURS.controller]: 1, [OURS.speaker]: 3 });
    const client = lab.startSteadyClient([URL]);
    const times = new AnswerTimes();
    createInterface({ input: client.stdout! }).on("line", (line) => times.add(line));
    await expect.poll(() => times.count(URL), { timeout: 15_000 }).toBeGreaterThan(5);
    client.stdout!.destroy();
    expect(await service()).toBe(before);
  });

  test("Going back: the Service is as it was, and nobody claims to announce it", async () => {
    const before = await service();
    for (const line of documented("Going back")) await run(line);
    expect(await images()).toEqual({ [THEIRS.controller]: 1, [THEIRS.speaker]: 3 });
    expect(await service()).toBe(before);
    const statuses = `kubectl get servicel2statuses,configurationstates -n ${NAMESPACE} -o name`;
    await expect.poll(() => kubectl.ok(statuses), { timeout: 15_000 }).toBe("");
  });
});
