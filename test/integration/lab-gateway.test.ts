import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dialThrough, startGateway } from "../../src/dev/lab/gateway.ts";
import { freePort } from "../support/metallb-process.ts";

const folder = mkdtempSync(join(tmpdir(), "metallb-gateway-"));
const path = join(folder, "pods.sock");

/** Says back what it hears, until it hears the end. */
let echo: Server;

beforeAll(async () => {
  await startGateway(path);
  echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  echo.close();
  rmSync(folder, { recursive: true });
});

async function said(socket: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("bytes go both ways, to the end and not beyond", async () => {
  const { port } = echo.address() as AddressInfo;
  const sockets = await Promise.all([1, 2].map(() => dialThrough(path)({ host: "127.0.0.1", port })));
  const texts = ["ok\nnot the gateway's line", "x".repeat(200_000)];
  for (const [i, socket] of sockets.entries()) socket.end(texts[i]);
  expect(await Promise.all(sockets.map(said))).toEqual(texts);
});

test("where nobody listens, the reason comes back", async () => {
  const port = await freePort();
  await expect(dialThrough(path)({ host: "127.0.0.1", port })).rejects.toThrow(/ECONNREFUSED/);
});

test("without a gateway there is no way", async () => {
  await expect(dialThrough(join(folder, "none.sock"))({ host: "127.0.0.1", port: 1 })).rejects.toThrow(/ENOENT/);
});
