import { parseAccept } from "./negotiate.ts";
import type { Json } from "./objects.ts";
import type { Registry } from "./registry.ts";
import type { ServedResource, Subresource, Verb } from "./resources.ts";

/** Kind and verbs of each subresource. */
const SUBRESOURCES: Readonly<
  Record<
    Subresource,
    { readonly kind?: string; readonly group?: string; readonly version?: string; readonly verbs: readonly Verb[] }
  >
> = {
  status: { verbs: ["get", "patch", "update"] },
  scale: { kind: "Scale", group: "autoscaling", version: "v1", verbs: ["get", "patch", "update"] },
  eviction: { kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] },
  log: { verbs: ["get"] },
  proxy: { kind: "PodProxyOptions", verbs: ["create", "delete", "get", "patch", "update"] },
  token: { kind: "TokenRequest", group: "authentication.k8s.io", version: "v1", verbs: ["create"] },
  finalize: { verbs: ["update"] },
};

function inGroup(registry: Registry, group: string, version: string): ServedResource[] {
  return registry
    .all()
    .map(({ served }) => served)
    .filter((resource) => resource.group === group && resource.version === version);
}

function groupVersion(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

function legacyEntries(resource: ServedResource): Json[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
  const subs = resource.subresources.map((subresource) => {
    const { kind: subKind, group, version, verbs: subVerbs } = SUBRESOURCES[subresource];
    const elsewhere = subKind === undefined ? {} : { group, version };
    return {
      name: `${plural}/${subresource}`,
      singularName: "",
      namespaced,
      ...elsewhere,
      kind: subKind ?? kind,
      verbs: subVerbs,
    };
  });
  return [main, ...subs];
}

/** APIResourceList of one group version; undefined when it is not served. */
export function resourceList(registry: Registry, group: string, version: string): Json | undefined {
  const resources = inGroup(registry, group, version);
  if (resources.length === 0) return undefined;
  const list = { kind: "APIResourceList", apiVersion: "v1", groupVersion: groupVersion(group, version) };
  return { ...list, resources: resources.flatMap(legacyEntries) };
}

function groupEntry(group: string, versions: readonly string[]): Json {
  const entries = versions.map((version) => ({ groupVersion: groupVersion(group, version), version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** APIGroup of one group; undefined when it is not served. */
export function apiGroup(registry: Registry, group: string): Json | undefined {
  const versions = registry.groups().get(group);
  if (versions === undefined || group === "") return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group, versions) };
}

export function apiGroupList(registry: Registry): Json {
  const groups = [...registry.groups()].filter(([group]) => group !== "");
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groups.map(([group, versions]) => groupEntry(group, versions)),
  };
}

export function apiVersions(serverAddress: string): Json {
  const serverAddressByClientCIDRs = [{ clientCIDR: "0.0.0.0/0", serverAddress }];
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs };
}

function aggregatedResource(resource: ServedResource): Json {
  const { group, version, kind, plural, singular, namespaced, verbs, shortNames, categories } = resource;
  const subresources = resource.subresources.map((subresource) => {
    const sub = SUBRESOURCES[subresource];
    const responseKind = { group: sub.group ?? group, version: sub.version ?? version, kind: sub.kind ?? kind };
    return { subresource, responseKind, verbs: sub.verbs };
  });
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/** APIGroupDiscoveryList of /api (core) or of /apis (the rest), in the version asked for. */
export function aggregatedDiscovery(registry: Registry, core: boolean, version: "v2" | "v2beta1"): Json {
  const groups = [...registry.groups()].filter(([group]) => (group === "") === core);
  const items = groups.map(([group, versions]) => ({
    metadata: { name: group, creationTimestamp: null },
    versions: versions.map((served) => ({
      version: served,
      resources: inGroup(registry, group, served).map(aggregatedResource),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

/** Which form of discovery an Accept header prefers; undefined is the plain one. */
export function aggregationAsked(accept: string | undefined): "v2" | "v2beta1" | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== "application/json" && type !== "*/*" && type !== "application/*") continue;
    if (parameters["as"] === undefined) return undefined;
    const { as, g, v } = parameters;
    const known = as === "APIGroupDiscoveryList" && g === "apidiscovery.k8s.io" && (v === "v2" || v === "v2beta1");
    if (known) return v;
  }
  return undefined;
}
