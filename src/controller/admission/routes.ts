import { convertBgpPeer, type BgpPeerVersion } from "../../config/convert-bgp-peer.ts";
import { err, ok } from "../../lib/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KubeClient } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import type { Admit, Convert, WebhookRoutes } from "../../ports/webhook.ts";
import { admit, admitAtSight } from "./admit.ts";
import { readExisting, readingTime } from "./existing-objects.ts";
import { type CheckedKind, CONVERSION_PATH, WEBHOOKS } from "./webhooks.ts";

interface RoutesPorts {
  readonly client: Pick<KubeClient, "list">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Our webhooks. `namespace` is where the configuration is. */
export function createWebhookRoutes(namespace: string, ports: RoutesPorts): WebhookRoutes {
  const kinds = Object.entries(WEBHOOKS) as readonly (readonly [CheckedKind, { readonly path: string }])[];
  return {
    admission: Object.fromEntries(kinds.map(([kind, { path }]) => [path, admission(kind, namespace, ports)])),
    conversion: { [CONVERSION_PATH]: convert },
  };
}

function admission(kind: CheckedKind, namespace: string, { client, clock, log }: RoutesPorts): Admit {
  return async ({ timeout, ...request }) => {
    const incoming = { ...request, kind };
    const about = { kind, namespace: request.namespace, name: request.name, operation: request.operation };
    const atSight = admitAtSight(incoming, namespace);
    if (atSight !== undefined) return atSight;
    const existing = await readExisting({ client, clock, namespace }, kind, readingTime(timeout));
    if (!existing.ok) {
      log.warn(about, `can't judge an object, since the existing ones could not be read: ${existing.error}`);
      const message = `${kind} ${request.namespace}/${request.name} could not be checked: ${existing.error}`;
      return { allowed: false, code: 500, message, warnings: [] };
    }
    const answer = admit(incoming, existing.value);
    if (!answer.allowed) log.info({ ...about, reason: answer.message }, "an object was refused");
    return answer;
  };
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
