import { once } from "node:events";
import { Agent, get } from "node:https";
import { RawApiClient, type Reached } from "../support/raw-api-client.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

const SERVICES = 4_000;
const WATCHERS = 4;
/** Requests under way at a time: enough to keep the server busy, few enough to need no queue in it. */
const CONCURRENCY = 16;
const COLLECTION = "/api/v1/namespaces/default/services";

/** Wall-clock figures contain the client's share of the machine; CPU figures are the server's alone. */
interface Rate {
  readonly perSecond: number;
  readonly serverCpuMicrosecondsEach: number;
}

export interface ApiServerFigures {
  readonly services: number;
  readonly create: Rate;
  readonly statusPatch: Rate;
  readonly listMilliseconds: number;
  readonly listMebibytes: number;
  /** Updates, each of which goes to every watcher. */
  readonly watchedUpdate: Rate & { readonly watchers: number; readonly eventsPerSecond: number };
}

/** Load of the embedded API server, which runs in a process of its own. Takes less than 15 s. */
export async function benchApiServer(): Promise<ApiServerFigures> {
  const server = await startServerProcess();
  try {
    const api = new RawApiClient(server.reached);
    try {
      return await measure(server, api);
    } finally {
      api.close();
    }
  } finally {
    server.close();
  }
}

async function measure(server: ServerProcess, api: RawApiClient): Promise<ApiServerFigures> {
  const rated = (work: () => Promise<void>): Promise<Rate> => rate(server, work);
  const create = await rated(() => each((i) => api.post(COLLECTION, service(i))));
  const patch = (i: number, address: string) =>
    api.patch(`${COLLECTION}/app-${i}/status`, "merge", { status: { loadBalancer: { ingress: [{ ip: address }] } } });
  const statusPatch = await rated(() => each((i) => patch(i, "192.0.2.1")));
  const started = performance.now();
  const list = await api.get(COLLECTION);
  const listMilliseconds = Math.round(performance.now() - started);
  const watches = await Promise.all(Array.from({ length: WATCHERS }, () => watch(server.reached, list.json.metadata)));
  const update = await rated(async () => {
    await each((i) => patch(i, "192.0.2.2"));
    await Promise.all(watches.map(({ complete }) => complete));
  });
  return {
    services: SERVICES,
    create,
    statusPatch,
    listMilliseconds,
    listMebibytes: Math.round(list.text.length / 2 ** 20),
    watchedUpdate: { ...update, watchers: WATCHERS, eventsPerSecond: update.perSecond * WATCHERS },
  };
}

async function rate(server: ServerProcess, work: () => Promise<void>): Promise<Rate> {
  const before = await server.cpu();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const cpu = (await server.cpu()) - before;
  return {
    perSecond: Math.round(SERVICES / seconds),
    serverCpuMicrosecondsEach: Math.round(cpu / SERVICES),
  };
}

/** One request for every Service. Throws when one is refused: a bench of error messages would be fast. */
async function each(send: (i: number) => Promise<{ readonly code: number; readonly text: string }>): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < SERVICES) {
      const { code, text } = await send(next++);
      if (code >= 300) throw new Error(`the API server answered ${code}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
}

/** Opens a watch; `complete` resolves when it has seen one event of every Service. Only counts lines, so as to be cheap. */
async function watch(reached: Reached, since: { readonly resourceVersion: string }) {
  const url = `${reached.url}${COLLECTION}?watch=1&resourceVersion=${since.resourceVersion}`;
  const headers = { authorization: `Bearer ${reached.adminToken}` };
  const request = get(url, { agent: new Agent({ ca: reached.caCertificate }), headers });
  const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
  const complete = (async () => {
    let events = 0;
    for await (const chunk of response) {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) events++;
      if (events >= SERVICES) return;
    }
    throw new Error(`a watch ended after ${events} events`);
  })();
  return { complete };
}

function service(i: number) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `app-${i}`, labels: { app: `app-${i}` } },
    spec: {
      type: "LoadBalancer",
      allocateLoadBalancerNodePorts: false,
      selector: { app: `app-${i}` },
      ports: [{ name: "http", port: 80, targetPort: 8080 }],
    },
  };
}
