import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ServerResponse } from "node:http";
import { badRequest, notFound } from "../errors.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import { sendText } from "../http/respond.ts";
import type { Kernel } from "../kernel.ts";
import type { ApiObject } from "../objects.ts";
import { at } from "../objects.ts";

/** At most this much of the end of a log is read. */
const MAX_READ = 16 * 1024 * 1024;
const FOLLOW_EVERY_MS = 200;

interface LogOptions {
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  /** Lines before this time are left out, in milliseconds since 1970. */
  readonly since: number | undefined;
  readonly follow: boolean;
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  if (!/^\d{1,15}$/.test(value))
    throw badRequest(`${name}: strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

function logOptions(query: URLSearchParams, wallTime: number): LogOptions {
  const sinceSeconds = integer(query, "sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const since = sinceTime === null ? undefined : Date.parse(sinceTime);
  if (Number.isNaN(since)) throw badRequest(`sinceTime: parsing time ${JSON.stringify(sinceTime)} failed`);
  return {
    tailLines: integer(query, "tailLines"),
    limitBytes: integer(query, "limitBytes"),
    since: sinceSeconds === undefined ? since : wallTime - sinceSeconds * 1000,
    follow: query.get("follow") === "true",
  };
}

/** The time of a log line: of JSON lines their `time`, else an RFC 3339 time stamp at the beginning. */
function timeOf(line: string): number | undefined {
  const time = /"time":(?:(\d{10,})|"([^"]{10,40})")/.exec(line);
  if (time?.[1] !== undefined) return Number(time[1]);
  const parsed = Date.parse(time?.[2] ?? line.slice(0, 40).split(/\s/, 1)[0]!);
  return Number.isNaN(parsed) ? undefined : parsed;
}

async function readFrom(path: string, from: number): Promise<{ readonly text: string; readonly end: number }> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  const start = Math.max(from > size ? 0 : from, size - MAX_READ);
  if (size <= start) return { text: "", end: size };
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return { text: buffer.toString("utf8", 0, bytesRead), end: start + bytesRead };
  } finally {
    await file.close();
  }
}

function select(text: string, options: LogOptions): string {
  let lines = text.split(/(?<=\n)/);
  const { since, tailLines, limitBytes } = options;
  if (since !== undefined) lines = lines.filter((line) => (timeOf(line) ?? since) >= since);
  if (tailLines !== undefined) lines = tailLines === 0 ? [] : lines.slice(-tailLines);
  const joined = lines.join("");
  return limitBytes === undefined ? joined : Buffer.from(joined).subarray(0, limitBytes).toString();
}

/** Goes on until the client goes, or until nothing more will come: what is there after `ended` is the rest. */
async function follow(path: string, from: number, response: ServerResponse, ended: () => boolean): Promise<void> {
  let end = from;
  while (!response.destroyed && !response.writableEnded) {
    const last = ended();
    const more = await readFrom(path, end);
    if (more.text !== "" && !response.destroyed) response.write(more.text);
    end = more.end;
    if (last) response.end();
    else await new Promise((resolve) => setTimeout(resolve, FOLLOW_EVERY_MS));
  }
}

/** Whether nothing of a Pod runs any more. */
function hasEnded(pod: ApiObject | undefined): boolean {
  const phase = at(pod?.["status"], "phase");
  return pod === undefined || phase === "Succeeded" || phase === "Failed";
}

/** GET pods/x/log from `<directory>/<namespace>/<pod>.log`. A pod without a file has an empty log. */
export async function serveLog(kernel: Kernel, directory: string | undefined, call: ResourceRequest): Promise<void> {
  const { definition, namespace, name, query, response } = call;
  if (kernel.storage.get(definition.table, namespace, name) === undefined) throw notFound(definition.served, name);
  const options = logOptions(query, kernel.wallTime());
  if (directory === undefined) return sendText(response, 200, "");
  const path = join(directory, namespace, `${name}.log`);
  const { text, end } = await readFrom(path, 0);
  if (!options.follow) return sendText(response, 200, select(text, options));
  response.writeHead(200, { "content-type": "text/plain" });
  response.flushHeaders();
  response.write(select(text, options));
  await follow(path, end, response, () => hasEnded(kernel.storage.get(definition.table, namespace, name)));
}
