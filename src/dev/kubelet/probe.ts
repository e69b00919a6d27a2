import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Probe } from "./probe-spec.ts";

/** A probe's answer is shown to people: as much of it as fits on a few lines. */
const MOST_TEXT = 500;

/** Asks a probe; resolves to "" for yes, else to what it said or what went wrong. `address` is the Pod's. */
export function askProbe(probe: Probe, address: string): Promise<string> {
  const { scheme, host = address, port, path } = probe;
  const send = scheme === "HTTPS" ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(probe.timeout * 1000);
    const target = { host, port, path, agent: false as const, rejectUnauthorized: false, signal };
    const request = send(target, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text = `${text}${chunk.toString()}`.slice(0, MOST_TEXT)));
      response.on("error", (error) => resolve(error.message));
      response.on("end", () => {
        const { statusCode = 0 } = response;
        resolve(statusCode >= 200 && statusCode < 400 ? "" : `${path} says ${text.trim() || statusCode}`);
      });
    });
    request.on("error", (error) => resolve(signal.aborted ? `${path} does not answer` : error.message));
    request.end();
  });
}
