import { createColors } from "picocolors";
import { createKubeClient } from "../k8s/client.ts";
import { createPodReader } from "../k8s/pod-reader.ts";
import { loadEndpoint } from "../k8s/endpoint.ts";
import { parseAddress } from "../ip/address.ts";
import { EnvironmentError } from "../lib/errors.ts";
import { systemClock } from "../platform/system-clock.ts";
import type { KubeClient } from "../ports/kube.ts";
import type { PodReader } from "../ports/pods.ts";
import type { Layer2View } from "./cluster/layer2-view.ts";
import { type AskOptions, askSpeakers } from "./live/ask-speakers.ts";
import { BgpPlans } from "./bgp/bgp-plans.ts";
import { renderPeers } from "./bgp/render-peers.ts";
import { renderRoutes } from "./bgp/render-routes.ts";
import { renderSessions } from "./bgp/render-session.ts";
import { sessionsReport } from "./bgp/sessions-report.ts";
import { askPeers } from "./live/ask-peers.ts";
import { readSpeakers } from "./cluster/read-speakers.ts";
import { readCluster } from "./cluster/read-cluster.ts";
import { readConfig } from "./cluster/read-config.ts";
import { readLayer2 } from "./cluster/read-layer2.ts";
import { explainService } from "./explain/explain-service.ts";
import { findService, parseServiceName } from "./explain/find-service.ts";
import { readSurroundings } from "./explain/read-surroundings.ts";
import { renderExplanation } from "./explain/render-explanation.ts";
import { readManifestTexts } from "./manifest-files.ts";
import type { SpeakerSettings } from "./layer2/elections.ts";
import type {
  BgpOptions,
  ClusterOptions,
  ExplainOptions,
  PlanOptions,
  SpeakerOptions,
  Terminal,
  ValidateOptions,
} from "./options.ts";
import { USUAL_NAMESPACE } from "./options.ts";
import { findOwners } from "./owners/find-owners.ts";
import { renderOwners } from "./owners/render-owners.ts";
import { overlay } from "./plan/overlay.ts";
import { planChanges } from "./plan/plan-changes.ts";
import { renderPlan } from "./plan/render-plan.ts";
import { wantsColor } from "./render/paint.ts";
import type { Page } from "./render/page.ts";
import { printable } from "./render/words.ts";
import { collectConfig } from "./validate/collect-config.ts";
import { renderValidation } from "./validate/render-validation.ts";
import { validateManifests } from "./validate/validate-manifests.ts";

/** Exit codes of these commands. */
const OK = 0;
const FAILED = 1;
const USAGE = 2;
/** The plan would take an address from a Service. */
const DISRUPTIVE = 3;

/** Routes of one Service that speakers are asked about, which answer about no more. */
const MOST_PREFIXES = 100;

/** Errors of whoever called, not of what was asked about. */
const USAGE_ERRORS: ReadonlySet<string> = new Set(["manifests", "usage"]);

/** `metallb validate`. Returns the exit code. */
export function runValidate(options: ValidateOptions, terminal: Terminal): Promise<number> {
  return orComplain("validate", terminal, async () => {
    const texts = await readManifestTexts(options.filename, terminal.stdin);
    const report = validateManifests(texts, options.namespace);
    print(options, terminal, report, (page) => renderValidation(report, page.paint));
    return report.valid ? OK : FAILED;
  });
}

/** `metallb explain service`. Returns the exit code. */
export function runExplainService(options: ExplainOptions, terminal: Terminal): Promise<number> {
  return orComplain("explain", terminal, async () => {
    const connection = await connect(options, terminal);
    const { client, namespace, contextNamespace } = connection;
    const asked = parseServiceName(options.service, options.serviceNamespace, contextNamespace ?? "default");
    if (!asked.ok) throw usage(asked.error);
    const snapshot = await readCluster(client, namespace);
    const found = findService(snapshot.services, asked.value.namespace, asked.value.name);
    if (!found.ok) throw new EnvironmentError("no-service", found.error, { retryable: false });
    const { layer2, ...others } = await readSurroundings(client, namespace, found.value);
    const ips = found.value.ingress.map(({ ip }) => ip).filter((ip) => parseAddress(ip) !== undefined);
    const settings = { ...speakerSettings(options), now: systemClock.wallTime() };
    const prefixes =
      layer2.view && others.bgp.view
        ? new BgpPlans(snapshot, others.bgp.view, layer2.view, settings).prefixes(found.value)
        : [];
    const view =
      layer2.view && ips.length > 0
        ? await withLive(layer2.view, connection, options, { ips, prefixes: prefixes.slice(0, MOST_PREFIXES) })
        : layer2.view;
    const around = { ...others, layer2: { ...layer2, view } };
    const explanation = explainService(found.value, snapshot, around, settings);
    print(options, terminal, explanation, (page) => renderExplanation(explanation, page));
    return OK;
  });
}

/** `metallb owners`. Returns the exit code. */
export function runOwners(options: SpeakerOptions, terminal: Terminal): Promise<number> {
  return orComplain("owners", terminal, async () => {
    const connection = await connect(options, terminal);
    const { client, namespace } = connection;
    const snapshot = await readCluster(client, namespace);
    const { view, notes } = await readLayer2(client, namespace);
    if (view?.statuses === undefined) throw new EnvironmentError("unreadable", notes.join("; "), { retryable: false });
    const asked = await withLive(view, connection, options);
    const report = findOwners(snapshot, asked, speakerSettings(options), notes);
    print(options, terminal, report, (page) => renderOwners(report, page));
    return OK;
  });
}

/** `metallb bgp peers`, `routes` and `session`. Returns the exit code. */
export function runBgp(view: BgpViewName, options: BgpOptions, terminal: Terminal): Promise<number> {
  return orComplain(`bgp ${view}`, terminal, async () => {
    const { client, pods, namespace } = await connect(options, terminal);
    const { peer, node, sendToken = false } = options;
    const speakers = await readSpeakers(client, namespace, node);
    if (!speakers.ok) throw new EnvironmentError("no-speaker", speakers.error, { retryable: false });
    const routes = view === "routes";
    const asked = await askPeers(pods, namespace, speakers.value, { peer, routes, sendToken });
    const report = sessionsReport(asked, peer);
    print(options, terminal, report, (page) => BGP_VIEWS[view](report, page));
    return peer !== undefined && report.sessions.length === 0 ? FAILED : OK;
  });
}

const BGP_VIEWS = { peers: renderPeers, routes: renderRoutes, session: renderSessions } as const;

type BgpViewName = keyof typeof BGP_VIEWS;

/** `metallb plan`. Returns the exit code. */
export function runPlan(options: PlanOptions, terminal: Terminal): Promise<number> {
  return orComplain("plan", terminal, async () => {
    const { filename = [], delete: deleted = [], prune = false, takeover = false } = options;
    if (filename.length + deleted.length === 0 && !takeover)
      throw usage("give -f FILE, --delete NAME or --takeover; metallb plan --help shows examples");
    const texts = await readManifestTexts(filename, terminal.stdin);
    const { client, namespace } = await connect(options, terminal);
    const files = collectConfig(texts, namespace);
    const snapshot = await readCluster(client, namespace);
    const { lists: live, notes } = await readConfig(client, snapshot);
    const changed = overlay(live, { given: files.objects, deleted, prune });
    if (!changed.ok) throw usage(changed.error);
    const loadBalancerClass = options.lbClass ?? "";
    const input = { snapshot, live, overlay: changed.value, files, loadBalancerClass, takeover, notes };
    const report = planChanges(input);
    print(options, terminal, report, (page) => renderPlan(report, page));
    if (!report.valid) return FAILED;
    return report.disruptive ? DISRUPTIVE : OK;
  });
}

/** Adds what the speakers themselves say, unless that isn't wanted or none was found. */
async function withLive(
  view: Layer2View,
  { pods, namespace }: Connection,
  { live = true, sendToken = false }: SpeakerOptions,
  about: Pick<AskOptions, "ips" | "prefixes"> = {},
): Promise<Layer2View> {
  if (!live || view.speakers === undefined) return view;
  return { ...view, live: await askSpeakers(pods, namespace, view.speakers, { ...about, sendToken }) };
}

function speakerSettings({ lbClass = "", ignoreExcludeLb = false }: SpeakerOptions): SpeakerSettings {
  return { loadBalancerClass: lbClass, ignoreExcludeLabel: ignoreExcludeLb };
}

function usage(message: string): EnvironmentError {
  return new EnvironmentError("usage", message, { retryable: false });
}

interface Connection {
  readonly client: KubeClient;
  readonly pods: PodReader;
  /** Where the metallb.io objects are. */
  readonly namespace: string;
  /** That of the kubeconfig's context. */
  readonly contextNamespace: string | undefined;
}

async function connect({ kubeconfig, namespace }: ClusterOptions, { env }: Terminal): Promise<Connection> {
  const endpoint = await loadEndpoint({ kubeconfig, env });
  const client = createKubeClient(endpoint);
  return {
    client,
    pods: createPodReader(endpoint, client),
    namespace: namespace || env["METALLB_NAMESPACE"] || USUAL_NAMESPACE,
    contextNamespace: endpoint.namespace,
  };
}

/** What the environment doesn't allow is said on stderr; everything else is a mistake of ours and may crash. */
async function orComplain(command: string, { stderr }: Terminal, action: () => Promise<number>): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    stderr.write(`metallb ${command}: ${printable(error.message)}\n`);
    return USAGE_ERRORS.has(error.code) ? USAGE : FAILED;
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
