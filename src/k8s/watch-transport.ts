import { type Millis, seconds } from "../lib/duration.ts";
import { errorMessage } from "../lib/errors.ts";
import { err, type Result } from "../lib/result.ts";
import type { IncomingMessage } from "node:http";
import type { KubeError, KubeResult } from "../ports/kube.ts";
import { connectionPool, type KubeEndpoint } from "./endpoint.ts";
import { errorWithoutAnswer, unexpectedAnswer } from "./kube-error.ts";
import { LineSplitter } from "./line-splitter.ts";
import { MAX_PAGE_BYTES } from "./page.ts";
import { open, readText } from "./request.ts";

/** Until the headers of an answer; API servers hold a request back for up to a minute when they are busy. */
const OPEN_TIMEOUT: Millis = seconds(75);
const PAGE_TIMEOUT: Millis = seconds(60);

/** The largest watch event that is accepted. etcd refuses objects above 1.5 MiB by default. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

export interface StreamHandlers {
  /** The server accepted the watch. */
  opened(): void;
  line(text: string): void;
  /** Called once, at the end: undefined when the server ended the stream in good order, on a line's end. */
  ended(error: KubeError | undefined): void;
}

/** Exchanges of one watch, one at a time. After `cancel` nothing more is called. */
export interface WatchTransport {
  get(path: string, done: (body: KubeResult<string>) => void): { cancel(): void };
  stream(path: string, handlers: StreamHandlers): { cancel(): void };
  close(): void;
}

/** Over one dedicated kept-alive connection, so that no watch waits for another. */
export function createWatchTransport(endpoint: KubeEndpoint): WatchTransport {
  const pool = connectionPool(1);
  const start = (
    path: string,
    use: (answer: Result<IncomingMessage, KubeError>, signal: AbortSignal) => void | Promise<void>,
  ) => {
    const abort = new AbortController();
    const { signal } = abort;
    void open(endpoint, { method: "GET", path, pool, timeout: OPEN_TIMEOUT, signal }).then((answer) =>
      signal.aborted ? undefined : use(answer, signal),
    );
    return { cancel: () => abort.abort() };
  };
  return {
    get: (path, done) =>
      start(path, async (answer, signal) => {
        const body = answer.ok ? await readText(answer.value, MAX_PAGE_BYTES, PAGE_TIMEOUT) : answer;
        if (!signal.aborted) done(body);
      }),
    stream: (path, handlers) =>
      start(path, (answer, signal) => {
        if (answer.ok) readLines(answer.value, handlers, signal);
        else handlers.ended(answer.error);
      }),
    close: () => pool.destroy(),
  };
}

function readLines(message: IncomingMessage, handlers: StreamHandlers, signal: AbortSignal): void {
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  let over = false;
  const end = (error: KubeError | undefined) => {
    if (over || signal.aborted) return;
    over = true;
    message.destroy();
    handlers.ended(error);
  };
  message.on("data", (chunk: Buffer) => {
    const lines = split(splitter, chunk);
    if (!lines.ok) return end(lines.error);
    for (const line of lines.value) {
      if (over || signal.aborted) return;
      handlers.line(line);
    }
  });
  message.on("error", (error) => end(errorWithoutAnswer(error)));
  message.on("end", () => end(undefined));
  message.on("close", () => end(unexpectedAnswer("ECONNRESET", "the connection was lost")));
  handlers.opened();
}

function split(splitter: LineSplitter, chunk: Buffer): KubeResult<readonly string[]> {
  try {
    return { ok: true, value: splitter.push(chunk) };
  } catch (thrown) {
    return err(unexpectedAnswer("TooLarge", errorMessage(thrown)));
  }
}
