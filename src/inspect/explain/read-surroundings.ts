import { KINDS } from "../../config/kinds.ts";
import type { ServiceView } from "../../config/service.ts";
import type { Result } from "../../lib/result.ts";
import { err, ok } from "../../lib/result.ts";
import type { KubeClient, KubeObject, KubeResult, ResourceType } from "../../ports/kube.ts";
import { readBgp } from "../bgp/read-bgp.ts";
import { type LeadershipView, projectLeadership, projectReportedState } from "../cluster/controller-state.ts";
import { byLastSeen, type EventView, projectServiceEvent } from "../cluster/event-view.ts";
import { readLayer2 } from "../cluster/read-layer2.ts";
import { whyNot } from "../cluster/read-cluster.ts";
import { CONTROLLER_LEASE } from "./explain-controller.ts";
import type { Surroundings } from "./explain-service.ts";

const LEASE: ResourceType = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

/** Reads what stands around a decision. What can't be read, for lack of a permission say, is noted and missed. */
export async function readSurroundings(
  client: KubeClient,
  namespace: string,
  service: ServiceView,
): Promise<Surroundings> {
  const [events, states, lease, layer2, bgp] = await Promise.all([
    client.list(KINDS.Event, { namespace: service.namespace }),
    client.list(KINDS.ConfigurationState, { namespace }),
    client.get(LEASE, { namespace, name: CONTROLLER_LEASE }),
    readLayer2(client, namespace, service),
    readBgp(client, namespace, service),
  ]);
  return {
    events: reading(events, KINDS.Event, (objects) => eventsOf(objects, service)),
    reported: reading(states, KINDS.ConfigurationState, (objects) => objects.map(projectReportedState)),
    leadership: leadershipOf(lease),
    layer2,
    bgp,
  };
}

function eventsOf(objects: readonly KubeObject[], service: ServiceView): readonly EventView[] {
  const events = objects.map((object) => projectServiceEvent(object, service));
  return events.filter((event) => event !== undefined).sort(byLastSeen);
}

function leadershipOf(lease: KubeResult<KubeObject>): Result<LeadershipView | undefined, string> {
  if (!lease.ok && lease.error.code === 404) return ok(undefined);
  return reading(lease, LEASE, projectLeadership);
}

function reading<T, R>(result: KubeResult<T>, resource: ResourceType, view: (value: T) => R): Result<R, string> {
  return result.ok ? ok(view(result.value)) : err(`${resource.plural}: ${whyNot(result.error, resource)}`);
}
