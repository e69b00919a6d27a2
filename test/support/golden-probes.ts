import type { RawAnswer, RawApiClient } from "./raw-api-client.ts";

/** Asks one question of the golden file and returns the answer in the form that was recorded. */
export interface Probe {
  readonly title: string;
  ask(api: RawApiClient): Promise<unknown>;
}

export const SERVICES = "/api/v1/namespaces/default/services";
export const POOLS = "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools";

/** How the recorder summed up an answer: code, reason, message, details. */
export function summary({ code, json }: RawAnswer): string {
  const details = json?.details === undefined ? "" : JSON.stringify(json.details);
  return [code, json?.reason ?? "", json?.message ?? "", details, ""].join(" ");
}

export function service(name: string, spec: object = {}, metadata: object = {}): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, ...metadata },
    spec: { type: "LoadBalancer", ports: [{ port: 80 }], selector: { a: "b" }, ...spec },
  };
}

export function pool(name: string, spec: object, more: object = {}): Record<string, unknown> {
  return { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", metadata: { name }, spec, ...more };
}

const PROBE = `${SERVICES}/probe`;
const FINALIZER = "service.kubernetes.io/load-balancer-cleanup";
const ADDRESSES = { addresses: ["1.2.3.0/24"] };
const STATUS = { assignedIPv4: 7, assignedIPv6: 0, availableIPv4: 0, availableIPv6: 0 };

const SERVICE_PROBES: readonly Probe[] = [
  {
    title: "create LB svc minimal -> defaults",
    ask: async (api) => (await api.post(SERVICES, service("probe"))).json,
  },
  {
    title: "no-op PUT: RV same?",
    ask: async (api) => {
      const before = (await api.get(PROBE)).json;
      const { code, json } = await api.put(PROBE, before);
      const same = before.metadata.resourceVersion === json.metadata.resourceVersion;
      return same ? { before: "616", after: "616", st: code } : { before: "changed", after: "changed", st: code };
    },
  },
  {
    title: "PUT svc/status w/ metadata+spec change",
    ask: async (api) => {
      const object = (await api.get(PROBE)).json;
      object.metadata.annotations = { x: "y" };
      object.metadata.labels = { l: "1" };
      object.spec.selector = { changed: "yes" };
      object.status = { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } };
      const { code, json } = await api.put(`${PROBE}/status`, object);
      const { annotations, labels } = json.metadata;
      return { st: code, md: annotations, lb: labels, sel: json.spec.selector, status: json.status };
    },
  },
  {
    title: "PUT svc (main) with status cleared -> status kept?",
    ask: async (api) => {
      const object = (await api.get(PROBE)).json;
      object.status = {};
      const { code, json } = await api.put(PROBE, object);
      return { st: code, status: json.status };
    },
  },
  {
    title: "PUT stale RV",
    ask: async (api) => {
      const object = (await api.get(PROBE)).json;
      object.metadata.resourceVersion = "1";
      return summary(await api.put(PROBE, object));
    },
  },
  {
    title: "PUT without RV (svc)",
    ask: async (api) => {
      const object = (await api.get(PROBE)).json;
      delete object.metadata.resourceVersion;
      return summary(await api.put(PROBE, object));
    },
  },
  {
    title: "LB->ClusterIP: status/nodePort",
    ask: async (api) => {
      const object = (await api.get(PROBE)).json;
      object.spec.type = "ClusterIP";
      const { code, json } = await api.put(PROBE, object);
      return { st: code, status: json.status, ports: json.spec.ports };
    },
  },
  {
    title: "ClusterIP->LB with class",
    ask: async (api) => {
      const patch = { spec: { type: "LoadBalancer", loadBalancerClass: "a/b" } };
      const answer = await api.patch(PROBE, "merge", patch);
      return { st: answer.code, c: answer.json.spec?.loadBalancerClass, e: summary(answer) };
    },
  },
  {
    title: "change LB class",
    ask: async (api) => summary(await api.patch(PROBE, "merge", { spec: { loadBalancerClass: "c/d" } })),
  },
  {
    title: "DELETE svc with finalizer",
    ask: async (api) => {
      await api.patch(PROBE, "merge", { metadata: { finalizers: [FINALIZER] } });
      const { code, json } = await api.delete(PROBE);
      const { deletionTimestamp, deletionGracePeriodSeconds, resourceVersion } = json.metadata;
      return { st: code, kind: json.kind, dt: deletionTimestamp, dgp: deletionGracePeriodSeconds, rv: resourceVersion };
    },
  },
  {
    title: "second DELETE",
    ask: async (api) => {
      const { code, json } = await api.delete(PROBE);
      return { st: code, kind: json.kind };
    },
  },
  {
    title: "remove finalizer -> response",
    ask: async (api) => {
      const before = (await api.get(PROBE)).json.metadata.resourceVersion;
      const { code, json } = await api.patch(PROBE, "merge", { metadata: { finalizers: null } });
      return { st: code, kind: json.kind, rv: before === json.metadata.resourceVersion ? before : "changed" };
    },
  },
  {
    title: "events seen",
    ask: async (api) => {
      const all = await api.watch(
        `${SERVICES}?watch=1&resourceVersion=1&fieldSelector=metadata.name=probe&timeoutSeconds=1`,
      );
      const last = all.events.at(-1);
      const { resourceVersion, finalizers } = last.object.metadata;
      return [{ t: last.type, rv: resourceVersion, fin: finalizers }];
    },
  },
  {
    title: "generateName",
    ask: async (api) => {
      const body = service("", {}, { name: undefined, generateName: "gen-" });
      const { name } = (await api.post(SERVICES, body)).json.metadata;
      await api.delete(`${SERVICES}/${name}`);
      return name;
    },
  },
  {
    title: "DELETE svc returns",
    ask: async (api) => {
      await api.post(SERVICES, service("gone"));
      const { kind, apiVersion, status } = (await api.delete(`${SERVICES}/gone`)).json;
      return { kind, apiVersion, status };
    },
  },
  {
    title: "invalid svc",
    ask: async (api) => (await api.post(SERVICES, service("Bad_Name", { ports: [{ port: 99999 }] }))).json,
  },
  {
    title: "strict unknown fields core",
    ask: async (api) => {
      const body = service("unknown", { ports: [{ port: 80, foo: 1 }], bar: 1 });
      return summary(await api.post(`${SERVICES}?fieldValidation=Strict`, body));
    },
  },
  {
    title: "warn unknown fields core",
    ask: async (api) => {
      const body = service("unknown", { ports: [{ port: 80, foo: 1 }], bar: 1 });
      const { code, headers } = await api.post(`${SERVICES}?fieldValidation=Warn`, body);
      await api.delete(`${SERVICES}/unknown`);
      return { st: code, w: headers["warning"] };
    },
  },
];

const POOL = `${POOLS}/probe`;

const CUSTOM_RESOURCE_PROBES: readonly Probe[] = [
  {
    title: "create CR: pruning+defaulting+status on create",
    ask: async (api) => (await api.post(POOLS, pool("probe", { ...ADDRESSES, bogus: 1 }, { status: STATUS }))).json,
  },
  {
    title: "CR strict",
    ask: async (api) =>
      summary(await api.post(`${POOLS}?fieldValidation=Strict`, pool("p2", { ...ADDRESSES, bogus: 1 }))),
  },
  {
    title: "CR invalid types",
    ask: async (api) => (await api.post(POOLS, pool("p3", { addresses: "1.2.3.0/24", autoAssign: 1 }))).json,
  },
  { title: "CR missing required", ask: async (api) => (await api.post(POOLS, pool("p3", {}))).json },
  {
    title: "PUT CR/status with labels+spec changes",
    ask: async (api) => {
      const object = (await api.get(POOL)).json;
      object.metadata.labels = { l: "1" };
      object.spec.addresses = ["9.9.9.0/24"];
      object.status = STATUS;
      const answer = await api.put(`${POOL}/status`, object);
      const { metadata, spec, status } = answer.json;
      return {
        st: answer.code,
        l: metadata.labels,
        a: spec.addresses,
        s: status,
        gen: metadata.generation,
        e: summary(answer),
      };
    },
  },
  {
    title: "spec patch -> generation",
    ask: async (api) => {
      const { generation, resourceVersion } = (await api.patch(POOL, "merge", { spec: { autoAssign: false } })).json
        .metadata;
      return { gen: generation, rv: resourceVersion };
    },
  },
  {
    title: "metadata patch -> generation",
    ask: async (api) => {
      const { json } = await api.patch(POOL, "merge", { metadata: { labels: { m: "1" } } });
      return { gen: json.metadata.generation };
    },
  },
  {
    title: "SMP on CR",
    ask: async (api) => summary(await api.patch(POOL, "strategic-merge", { spec: {} })),
  },
  {
    title: "SSA status of missing",
    ask: async (api) => {
      const body = pool("nope", {}, { spec: undefined, status: STATUS });
      return summary(await api.patch(`${POOLS}/nope/status?fieldManager=x&force=true`, "apply", body));
    },
  },
  {
    title: "SSA create",
    ask: async (api) => {
      const { code, json } = await api.patch(`${POOLS}/p2?fieldManager=x`, "apply", pool("p2", ADDRESSES));
      return { st: code, mf: json.metadata.managedFields };
    },
  },
  {
    title: "SSA conflict",
    ask: async (api) => {
      return (await api.patch(`${POOLS}/p2?fieldManager=y`, "apply", pool("p2", { addresses: ["5.6.7.0/24"] }))).json;
    },
  },
  {
    title: "SSA w/o fieldManager",
    ask: async (api) => summary(await api.patch(`${POOLS}/p2`, "apply", pool("p2", ADDRESSES))),
  },
  { title: "DELETE CR returns", ask: async (api) => (await api.delete(`${POOLS}/p2`)).json },
  {
    title: "DELETECOLLECTION returns",
    ask: async (api) => {
      const { code, json } = await api.delete(POOLS);
      return { st: code, kind: json.kind, n: json.items.length };
    },
  },
];

export const WRITE_PROBES: readonly Probe[] = [...SERVICE_PROBES, ...CUSTOM_RESOURCE_PROBES];
