import type { Probe } from "./golden-probes.ts";
import { POOLS, SERVICES, service, summary } from "./golden-probes.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const WATCH = `${SERVICES}?watch=true`;
const EMPTY = "/api/v1/namespaces/metallb-system/services";

/** The Service `kubernetes` points to the server's own port, which was 16443 when the answers were recorded. */
function onRecordedPort(events: readonly unknown[], port: number): unknown {
  return JSON.parse(JSON.stringify(events).replaceAll(`"targetPort":${port}`, '"targetPort":16443'));
}

const LIST_PROBES: readonly Probe[] = [
  { title: "limit=1", ask: async (api) => (await api.get(`${POOLS}?limit=1`)).json.metadata },
  {
    title: "continue",
    ask: async (api) => ({ continue: (await api.get(`${POOLS}?limit=1`)).json.metadata.continue }),
  },
  { title: "bad continue", ask: async (api) => summary(await api.get(`${SERVICES}?limit=1&continue=bogus`)) },
  {
    title: "future RV list",
    ask: async (api) => {
      const answer = await api.get(`${SERVICES}?resourceVersion=99999999`);
      const causes = JSON.stringify(answer.json.details.causes);
      return `${summary(answer)}${causes} retry-after=${answer.headers["retry-after"]}`;
    },
  },
  {
    title: "exact old RV",
    ask: async (api) => summary(await api.get(`${SERVICES}?resourceVersion=1&resourceVersionMatch=Exact`)),
  },
  { title: "bad fieldSelector", ask: async (api) => summary(await api.get(`${SERVICES}?fieldSelector=spec.foo%3Dx`)) },
  {
    title: "spec.type fieldSelector",
    ask: async (api) => {
      const { code, json } = await api.get(`${SERVICES}?fieldSelector=spec.type%3DLoadBalancer`);
      return { st: code, n: json.items.length };
    },
  },
  {
    title: "CR fieldSelector",
    ask: async (api) => summary(await api.get(`${POOLS}?fieldSelector=spec.autoAssign%3Dtrue`)),
  },
  { title: "bad labelSelector", ask: async (api) => summary(await api.get(`${SERVICES}?labelSelector=!!`)) },
];

const WATCH_PROBES: readonly Probe[] = [
  {
    title: "watch RV=1 (old)",
    ask: async (api) => {
      const { code, headers, events } = await api.watch(`${WATCH}&resourceVersion=1&timeoutSeconds=1`);
      return {
        st: code,
        ct: headers["content-type"],
        te: headers["transfer-encoding"],
        ev: onRecordedPort(events, api.port),
      };
    },
  },
  {
    title: "watch future RV",
    ask: async (api) => {
      const { code, events, ms } = await api.watch(`${WATCH}&resourceVersion=99999999&timeoutSeconds=1`);
      return { st: code, ev: events, ms };
    },
  },
  ...["no RV", "RV=0"].map((title): Probe => ({
    title: `watch ${title}`,
    ask: async (api) => {
      const version = title === "no RV" ? "" : "&resourceVersion=0";
      const { code, events } = await api.watch(`${WATCH}${version}&timeoutSeconds=1`);
      return { st: code, ev: events.map(({ type, object }) => [type, object.metadata.name]) };
    },
  })),
  {
    title: "watchlist",
    ask: async (api) => {
      const query = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
      const { code, events } = await api.watch(`${WATCH}${query}&timeoutSeconds=1`);
      const ev = events.map(({ type, object }) => [type, object.kind, JSON.stringify(object.metadata)]);
      return { st: code, ev };
    },
  },
  {
    title: "watchlist w/o match",
    ask: async (api) => {
      const { code, events } = await api.watch(`${WATCH}&sendInitialEvents=true&timeoutSeconds=1`);
      return { st: code, ev: events };
    },
  },
  {
    title: "timeoutSeconds=1",
    ask: async (api) => {
      const { code, ms } = await api.watch(`${WATCH}&timeoutSeconds=1`);
      return ms > 900 && ms < 3000 ? { st: code, ms } : { st: code, ms: "not about a second" };
    },
  },
  {
    title: "bookmark before timeout",
    ask: async (api) => {
      const query = "watch=1&allowWatchBookmarks=true&resourceVersion=0&timeoutSeconds=4";
      const { ms, events } = await api.watch(`${EMPTY}?${query}`);
      return { ms, ev: events };
    },
  },
  {
    title: "table watch",
    ask: async (api) => {
      const { events, headers } = await api.watch(`${WATCH}&timeoutSeconds=1`, { accept: TABLE });
      const ev = events.map(({ type, object }) => ({
        t: type,
        k: object.kind,
        cd: object.columnDefinitions.length,
        rows: object.rows.length,
        cells: object.rows[0].cells,
      }));
      return { ev, ct: headers["content-type"] };
    },
  },
  {
    title: "deprecated /watch/",
    ask: async (api) => {
      const { code, events } = await api.watch("/api/v1/watch/namespaces/default/services?timeoutSeconds=1");
      return { st: code, n: events.length };
    },
  },
];

const NEGOTIATION_PROBES: readonly Probe[] = [
  {
    title: "PartialObjectMetadata",
    ask: async (api) => {
      const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
      const { code, headers, json } = await api.get(`${SERVICES}/kubernetes`, { accept });
      return { st: code, ct: headers["content-type"], k: json.kind };
    },
  },
  {
    title: "yaml accept",
    ask: async (api) => {
      const { code, headers } = await api.get(SERVICES, { accept: "application/yaml" });
      return { st: code, ct: headers["content-type"] };
    },
  },
  { title: "bad accept", ask: async (api) => summary(await api.get(SERVICES, { accept: "text/html" })) },
  {
    title: "bad content-type",
    ask: async (api) => summary(await api.post(SERVICES, service("x"), { contentType: "text/plain" })),
  },
  { title: "bad json", ask: async (api) => summary(await api.post(SERVICES, "{bad")) },
  {
    title: "wrong kind",
    ask: async (api) => {
      return summary(await api.post(SERVICES, { apiVersion: "v1", kind: "Pod", metadata: { name: "x" } }));
    },
  },
  {
    title: "missing namespace",
    ask: async (api) => summary(await api.post("/api/v1/namespaces/nope/services", service("x"))),
  },
  {
    title: "unknown group",
    ask: async (api) => {
      const { code, text, headers } = await api.get("/apis/nope.example/v1/things");
      return { st: code, s: text, ct: headers["content-type"] };
    },
  },
  {
    title: "unknown resource",
    ask: async (api) => {
      const { code, text, headers } = await api.get("/api/v1/things");
      return { st: code, s: text, ct: headers["content-type"] };
    },
  },
  { title: "404", ask: async (api) => (await api.get(`${SERVICES}/none`)).json },
];

const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "pod" },
  spec: { containers: [{ name: "c", image: "i" }] },
};
const PODS = "/api/v1/namespaces/default/pods";
const EVENT = {
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  metadata: { name: "ev1" },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingController: "metallb-controller",
  reportingInstance: "x",
  action: "A",
  reason: "R",
  note: "hello",
  type: "Normal",
  regarding: { kind: "Service", namespace: "default", name: "kubernetes" },
};

const OTHER_PROBES: readonly Probe[] = [
  { title: "anon", ask: async (api) => summary(await api.get("/api/v1/services", { token: null })) },
  { title: "bad token", ask: async (api) => summary(await api.get("/api/v1/services", { token: "nonsense" })) },
  {
    title: "pod create",
    ask: async (api) => {
      const answer = await api.post(PODS, POD);
      return { st: answer.code, e: summary(answer) };
    },
  },
  {
    title: "eviction",
    ask: async (api) => {
      const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "pod" } };
      const { code, text } = await api.post(`${PODS}/pod/eviction`, body);
      return { st: code, s: text };
    },
  },
  {
    title: "TokenRequest",
    ask: async (api) => {
      const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
      const answer = await api.post("/api/v1/namespaces/default/serviceaccounts/default/token", body);
      return { st: answer.code, keys: Object.keys(answer.json.status), e: summary(answer) };
    },
  },
  {
    title: "TokenReview",
    ask: async (api) => {
      const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token: api.adminToken } };
      return (await api.post("/apis/authentication.k8s.io/v1/tokenreviews", body)).json.status;
    },
  },
  {
    title: "events.k8s.io create",
    ask: async (api) => {
      const answer = await api.post("/apis/events.k8s.io/v1/namespaces/default/events", EVENT);
      return { st: answer.code, e: summary(answer) };
    },
  },
  { title: "same via core/v1", ask: async (api) => (await api.get("/api/v1/namespaces/default/events/ev1")).json },
  {
    title: "event fieldselectors",
    ask: async (api) => {
      const selector = encodeURIComponent(
        "involvedObject.name=kubernetes,involvedObject.kind=Service,reason=R,type=Normal",
      );
      return { st: (await api.get(`/api/v1/namespaces/default/events?fieldSelector=${selector}`)).code };
    },
  },
];

export const READ_PROBES: readonly Probe[] = [...LIST_PROBES, ...WATCH_PROBES, ...NEGOTIATION_PROBES, ...OTHER_PROBES];
