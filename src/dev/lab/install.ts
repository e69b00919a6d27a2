import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fieldsOf, itemsOf, textOf } from "../../config/fields.ts";
import { KINDS } from "../../config/kinds.ts";
import { EnvironmentError } from "../../lib/errors.ts";
import type { KubeObject } from "../../ports/kube.ts";
import { saysReady } from "./cluster.ts";
import { METALLB_NAMESPACE } from "./cluster-objects.ts";
import type { Lab } from "./lab.ts";
import { lastWords } from "./last-words.ts";
import type { Progress } from "./progress.ts";
import { NODES } from "./topology.ts";
import { START } from "./wait.ts";

/** The plain manifests, beside the bundles. */
export const MANIFESTS = "metallb.yaml";

const MOST = 100;

/** Installs the product as a user without helm does, and waits until its Pods are ready. */
export async function installManifests(lab: Lab, progress: Progress, dist: string): Promise<void> {
  await progress.step(
    "the manifests are applied",
    () => lab.cluster.apply(readFileSync(join(dist, MANIFESTS), "utf8")),
    (count) => `${count} objects of manifests/${MANIFESTS}`,
  );
  await controllerReady(lab, progress);
  for (const { name } of NODES) {
    await progress.step(`speaker on ${name} is ready`, () => podReady(lab, progress, "speaker", name));
  }
}

/** A step: a controller runs, wherever. */
export function controllerReady(lab: Lab, progress: Progress): Promise<string> {
  return progress.step(
    "controller is ready",
    () => podReady(lab, progress, "controller"),
    (node) => `on ${node}`,
  );
}

/** Resolves to the node of a Pod that is ready. A Pod whose program ends again and again is not waited for. */
async function podReady(lab: Lab, progress: Progress, component: string, node?: string): Promise<string> {
  const found = await progress.until(`a ${component} to be ready`, START, async () => {
    const pods = await lab.cluster.list(KINDS.Pod, METALLB_NAMESPACE, `component=${component}`);
    const here = pods.find(({ spec }) => node === undefined || fieldsOf(spec)["nodeName"] === node);
    return here !== undefined && (crashes(here) || saysReady(here)) ? here : undefined;
  });
  if (!crashes(found)) return textOf(fieldsOf(found["spec"])["nodeName"]) ?? "";
  const said = lastWords(lab.folder.podLog(METALLB_NAMESPACE, found.metadata.name));
  throw new EnvironmentError("crash", `${found.metadata.name} ends again and again${said}`, { retryable: false });
}

function crashes(pod: KubeObject): boolean {
  const containers = itemsOf(fieldsOf(pod["status"])["containerStatuses"], MOST).map(fieldsOf);
  return containers.some(({ state, restartCount }) => {
    const { reason } = fieldsOf(fieldsOf(state)["waiting"]);
    return reason === "CrashLoopBackOff" && Number(restartCount) > 0;
  });
}
