import { BUILTIN_RESOURCES } from "./builtin-resources.ts";
import type { Kernel } from "./kernel.ts";
import { now } from "./kernel.ts";
import type { Definition } from "./registry.ts";
import { plainDefinition } from "./registry.ts";
import { qualifiedName } from "./resources.ts";
import { crdStrategy } from "./strategies/crd.ts";
import { eventDefinition } from "./strategies/event.ts";
import { NAMESPACES } from "./strategies/namespace.ts";
import { PODS } from "./strategies/pod.ts";
import { InUse } from "./strategies/service/in-use.ts";
import { roleBindingStrategy, roleStrategy } from "./strategies/rbac.ts";
import { serviceStrategy } from "./strategies/service/strategy.ts";
import {
  CREATED_ON_UPDATE,
  DAEMON_SET_DEFAULTS,
  DEPLOYMENT_DEFAULTS,
  REPLICA_SET_DEFAULTS,
  SECRETS,
  workloadStrategy,
} from "./strategies/workloads.ts";
import { webhookConfigurationStrategy } from "./strategies/webhook-configuration.ts";
import type { Strategy } from "./strategy.ts";
import { DEFAULT_STRATEGY } from "./strategy.ts";

function strategies(kernel: Kernel): Readonly<Record<string, Strategy>> {
  return {
    namespaces: NAMESPACES,
    pods: PODS,
    secrets: SECRETS,
    services: serviceStrategy(new InUse(kernel.storage)),
    endpoints: CREATED_ON_UPDATE,
    "leases.coordination.k8s.io": CREATED_ON_UPDATE,
    "deployments.apps": workloadStrategy(DEPLOYMENT_DEFAULTS),
    "daemonsets.apps": workloadStrategy(DAEMON_SET_DEFAULTS),
    "replicasets.apps": workloadStrategy(REPLICA_SET_DEFAULTS),
    "customresourcedefinitions.apiextensions.k8s.io": crdStrategy(() => now(kernel)),
    "clusterroles.rbac.authorization.k8s.io": roleStrategy(false),
    "clusterrolebindings.rbac.authorization.k8s.io": roleBindingStrategy(false),
    "roles.rbac.authorization.k8s.io": roleStrategy(true),
    "rolebindings.rbac.authorization.k8s.io": roleBindingStrategy(true),
    "networkpolicies.networking.k8s.io": { ...DEFAULT_STRATEGY, generation: true },
    "poddisruptionbudgets.policy": { ...DEFAULT_STRATEGY, generation: true },
    "validatingwebhookconfigurations.admissionregistration.k8s.io": webhookConfigurationStrategy("validating"),
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": webhookConfigurationStrategy("mutating"),
    "endpointslices.discovery.k8s.io": { ...DEFAULT_STRATEGY, generation: true },
    serviceaccounts: { ...DEFAULT_STRATEGY, deleteReturnsObject: true },
  };
}

/** The definitions of everything that is built in. */
export function builtinDefinitions(kernel: Kernel): Definition[] {
  const byName = strategies(kernel);
  return BUILTIN_RESOURCES.map((served) => {
    if (served.plural === "events") return eventDefinition(served);
    return plainDefinition(served, byName[qualifiedName(served)] ?? DEFAULT_STRATEGY);
  });
}
