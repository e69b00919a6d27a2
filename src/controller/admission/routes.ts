import type { ConfigKind } from "../../config/config-kinds.ts";
import { convertBgpPeer, type BgpPeerVersion } from "../../config/convert-bgp-peer.ts";
import { err, ok } from "../../lib/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KubeClient } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Admit, AdmissionAnswer, AdmissionRequest, Convert, WebhookRoutes } from "../../ports/webhook.ts";
import { admit, admitAtSight } from "./admit.ts";
import { readExisting, readingTime } from "./existing-objects.ts";
import { CONVERSION_PATH, WEBHOOKS } from "./webhooks.ts";

interface RoutesPorts {
  readonly client: Pick<KubeClient, "list">;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** What an answer's HTTP status is called in the metrics. */
const OUTCOMES = { 200: "allowed", 403: "denied", 500: "error" } as const;

/** Our webhooks. `namespace` is where the configuration is. */
export function createWebhookRoutes(namespace: string, ports: RoutesPorts): WebhookRoutes {
  const kinds = Object.entries(WEBHOOKS) as readonly (readonly [ConfigKind, { readonly path: string }])[];
  return {
    admission: Object.fromEntries(kinds.map(([kind, { path }]) => [path, admission(kind, namespace, ports)])),
    conversion: { [CONVERSION_PATH]: convert },
  };
}

function admission(kind: ConfigKind, namespace: string, ports: RoutesPorts): Admit {
  const { metrics, log } = ports;
  return async (request) => {
    const answer = await judge({ kind, namespace, ports }, request);
    metrics.add("metallb_controller_admission_requests_total", { kind, outcome: OUTCOMES[answer.code] }, 1);
    const about = { kind, namespace: request.namespace, name: request.name, operation: request.operation };
    if (answer.code === 403) log.info({ ...about, reason: answer.message }, "an object was refused");
    if (answer.code === 500) log.warn({ ...about, reason: answer.message }, "an object could not be judged");
    return answer;
  };
}

interface Court {
  readonly kind: ConfigKind;
  /** Where the configuration is. */
  readonly namespace: string;
  readonly ports: RoutesPorts;
}

async function judge({ kind, namespace, ports }: Court, request: AdmissionRequest): Promise<AdmissionAnswer> {
  const incoming = { ...request, kind };
  const atSight = admitAtSight(incoming, namespace);
  if (atSight !== undefined) return atSight;
  const existing = await readExisting({ ...ports, namespace }, kind, readingTime(request.timeout));
  if (existing.ok) return admit(incoming, existing.value);
  const message = `${kind} ${request.namespace}/${request.name} could not be checked: ${existing.error}`;
  return { allowed: false, code: 500, message, warnings: [] };
}

const VERSIONS: Readonly<Record<string, BgpPeerVersion>> = {
  "metallb.io/v1beta1": "v1beta1",
  "metallb.io/v1beta2": "v1beta2",
};

const convert: Convert = (object, apiVersion) => {
  const version = Object.hasOwn(VERSIONS, apiVersion) ? VERSIONS[apiVersion] : undefined;
  if (version === undefined) return err(`there is no version ${JSON.stringify(apiVersion)} of BGPPeer`);
  const converted = convertBgpPeer(object, version);
  return converted.ok ? ok(converted.value.object) : converted;
};
