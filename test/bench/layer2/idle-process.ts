/**
 * `idle-process.ts SECONDS`: what a speaker costs while nothing happens, in the network namespace that it is started in: with
 * an API server of its own, and nothing but Services that it announces. Prints one JSON object.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { freePort } from "../../support/metallb-process.ts";
import { RawApiClient } from "../../support/raw-api-client.ts";
import { MEMORY_FLAGS } from "../controller-process.ts";
import { PodProcess } from "../pod-process.ts";
import { startServerProcess } from "../server-process.ts";
import { announcedServices, prepareCluster } from "./announced-services.ts";
import { rounded } from "./quantiles.ts";

const SIZES = [0, 1_000, 10_000] as const;
const FLAGS = { none: [], memory: MEMORY_FLAGS } as const;

/** The speaker's address in its namespace; its Services' addresses are in the same subnet. */
const ADDRESS = "10.31.0.1";

/** How long a speaker may take until it announces everything and has written so. */
const SETTLE_SECONDS = 180;

/** A speaker that needs less of a processor than this has settled. */
const CALM_SHARE = 0.08;

const seconds = Number(process.argv[2]);
const server = await startServerProcess();
const api = new RawApiClient(server.reached);
const report: object[] = [];
await prepareCluster(api, ADDRESS);
let there = 0;
for (const services of SIZES) {
  await announcedServices(api, there, services);
  there = services;
  for (const [flags, nodeFlags] of Object.entries(FLAGS)) {
    const row = { services, flags: nodeFlags.join(" "), ...(await measure(services, nodeFlags)) };
    process.stderr.write(`idle, flags ${flags}: ${JSON.stringify(row)}\n`);
    report.push(row);
  }
}
process.stdout.write(`${JSON.stringify(report)}\n`);
api.close();
server.close();

async function measure(services: number, nodeFlags: readonly string[]) {
  const port = await freePort();
  const env = {
    METALLB_NODE_NAME: "bench",
    METALLB_HOST: ADDRESS,
    METALLB_POD_NAME: "speaker-bench",
    METALLB_NAMESPACE: "metallb-system",
    METALLB_ML_BIND_ADDR: ADDRESS,
    METALLB_ML_LABELS: "component=speaker",
  };
  const command = ["speaker", `--port=${port}`, `--health-probe-port=${await freePort()}`, "--log-level=error"];
  const speaker = new PodProcess(server.reached, { nodeFlags, command, env });
  const settledAfter = await settle(speaker, services, port);
  const before = speaker.cpu();
  await pause(seconds * 1000);
  const cpu = speaker.cpu() - before;
  const memory = speaker.memory();
  await speaker.stop();
  return { ...memory, cpuSecondsPerMinute: rounded((cpu / 1e6 / seconds) * 60, 2), settledAfterSeconds: settledAfter };
}

/** Waits until the speaker announces everything, and does little. */
async function settle(speaker: PodProcess, services: number, port: number): Promise<number> {
  for (let second = 3; second < SETTLE_SECONDS; second += 3) {
    const before = speaker.cpu();
    await pause(3000);
    const share = (speaker.cpu() - before) / 3e6;
    if (share < CALM_SHARE && (await announced(port)) === services) return second;
  }
  throw new Error(`the speaker announces ${await announced(port)} of ${services} Services and is not calm`);
}

/** By its own metrics; the certificate is its own, too. */
async function announced(port: number): Promise<number> {
  const headers = { authorization: `Bearer ${server.reached.adminToken}` };
  const request = get(`https://127.0.0.1:${port}/metrics`, { headers, rejectUnauthorized: false, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const metrics = await text(response);
  if (response.statusCode !== 200) throw new Error(`/metrics: ${response.statusCode} ${metrics}`);
  return metrics.split("\n").filter((line) => line.startsWith("metallb_speaker_announced{")).length;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
