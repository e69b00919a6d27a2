import { createColors } from "picocolors";
import { createKubeClient } from "../k8s/client.ts";
import { loadEndpoint } from "../k8s/endpoint.ts";
import { EnvironmentError } from "../lib/errors.ts";
import { systemClock } from "../platform/system-clock.ts";
import type { KubeClient } from "../ports/kube.ts";
import { readCluster } from "./cluster/read-cluster.ts";
import { explainService } from "./explain/explain-service.ts";
import { findService } from "./explain/find-service.ts";
import { readSurroundings } from "./explain/read-surroundings.ts";
import { renderExplanation } from "./explain/render-explanation.ts";
import { readManifestTexts } from "./manifest-files.ts";
import type { ClusterOptions, ExplainOptions, Terminal, ValidateOptions } from "./options.ts";
import { wantsColor } from "./render/paint.ts";
import type { Page } from "./render/page.ts";
import { printable } from "./render/words.ts";
import { renderValidation } from "./validate/render-validation.ts";
import { validateManifests } from "./validate/validate-manifests.ts";

/** Exit codes of these commands; `plan` has one more. */
const OK = 0;
const FAILED = 1;
const USAGE = 2;

/** Where the reference's manifests put everything. */
const USUAL_NAMESPACE = "metallb-system";

/** `metallb validate`. Returns the exit code. */
export function runValidate(options: ValidateOptions, terminal: Terminal): Promise<number> {
  return orComplain("validate", terminal, USAGE, async () => {
    const texts = await readManifestTexts(options.filename, terminal.stdin);
    const report = validateManifests(texts, options.namespace);
    print(options, terminal, report, (page) => renderValidation(report, page.paint));
    return report.valid ? OK : FAILED;
  });
}

/** `metallb explain service`. Returns the exit code. */
export function runExplainService(options: ExplainOptions, terminal: Terminal): Promise<number> {
  return orComplain("explain", terminal, FAILED, async () => {
    const { client, namespace, contextNamespace } = connect(options, terminal);
    const [inNamespace, name] = options.service.includes("/")
      ? (options.service.split("/", 2) as [string, string])
      : [options.serviceNamespace ?? contextNamespace ?? "default", options.service];
    const snapshot = await readCluster(client, namespace);
    const found = findService(snapshot.services, inNamespace, name);
    if (!found.ok) throw new EnvironmentError("no-service", found.error, { retryable: false });
    const around = await readSurroundings(client, namespace, found.value);
    const settings = { loadBalancerClass: options.lbClass ?? "", now: systemClock.wallTime() };
    const explanation = explainService(found.value, snapshot, around, settings);
    print(options, terminal, explanation, (page) => renderExplanation(explanation, page));
    return OK;
  });
}

interface Connection {
  readonly client: KubeClient;
  /** Where the metallb.io objects are. */
  readonly namespace: string;
  /** That of the kubeconfig's context. */
  readonly contextNamespace: string | undefined;
}

function connect({ kubeconfig, namespace }: ClusterOptions, { env }: Terminal): Connection {
  const endpoint = loadEndpoint({ kubeconfig, env });
  return {
    client: createKubeClient(endpoint),
    namespace: namespace || env["METALLB_NAMESPACE"] || USUAL_NAMESPACE,
    contextNamespace: endpoint.namespace,
  };
}

/** What the environment doesn't allow is said on stderr; everything else is a mistake of ours and may crash. */
async function orComplain(
  command: string,
  { stderr }: Terminal,
  failure: number,
  action: () => Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    stderr.write(`metallb ${command}: ${printable(error.message)}\n`);
    return failure;
  }
}

/** Prints the report itself, or what `render` makes of it. Only lines on a terminal are broken and coloured. */
function print(
  { output }: Pick<ClusterOptions, "output">,
  { stdout, env }: Terminal,
  report: object,
  render: (page: Page) => string,
): void {
  const isTty = stdout.isTTY === true;
  const width = isTty ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  const page = { paint: createColors(wantsColor(isTty, env)), width };
  stdout.write(output === "json" ? `${JSON.stringify(report, undefined, 2)}\n` : render(page));
}
