import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { get as httpsGet } from "node:https";
import { afterEach, describe, expect, test } from "vitest";
import { type EchoCertificate, startEcho } from "../../src/dev/lab/echo-server.ts";
import { systemClock } from "../../src/dev/lab/system-ports.ts";
import { Balancer } from "../../src/dev/proxy/balancer.ts";
import type { Listener } from "../../src/dev/proxy/node-sockets.ts";
import type { Frontend, Protocol } from "../../src/dev/proxy/plan.ts";
import { forwardTcp } from "../../src/dev/proxy/tcp-forwarder.ts";
import { forwardUdp } from "../../src/dev/proxy/udp-forwarder.ts";
import { generateCertificates } from "../../src/dev/api-server/certificates.ts";

const FAMILIES = [
  { family: "IPv4", address: "127.0.0.1" },
  { family: "IPv6", address: "::1" },
];

const open: Listener[] = [];

afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close();
});

/** A port that was free for this protocol a moment ago. */
async function freePort(protocol: Protocol, address: string): Promise<number> {
  if (protocol === "UDP") {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4").bind(0, address);
    await once(socket, "listening");
    const { port } = socket.address();
    socket.close();
    return port;
  }
  const server = createServer().listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function echo(protocol: Protocol, address: string, certificate?: EchoCertificate): Promise<number> {
  const port = await freePort(protocol, address);
  open.push(await startEcho({ protocol, address, port, identity: `pod on ${port}` }, certificate));
  return port;
}

async function frontendTo(protocol: Protocol, address: string, backends: readonly number[]): Promise<number> {
  const port = await freePort(protocol, address);
  const frontend: Frontend = { id: "x", protocol, address, port, affinity: 0, backends: [] };
  const balancer = new Balancer(systemClock);
  balancer.update(
    backends.map((backend) => ({ address, port: backend })),
    0,
  );
  const started = protocol === "TCP" ? forwardTcp(frontend, balancer) : forwardUdp(frontend, balancer, systemClock);
  open.push(await started);
  return port;
}

/** Sends text over TCP, half-closes, and resolves to all that came back. */
async function exchange(address: string, port: number, text: string): Promise<string> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  socket.end(text);
  await once(socket, "close");
  return received;
}

async function ask(address: string, port: number): Promise<string> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.send("?", port, address);
  const [answer] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return answer.toString();
}

describe.each(FAMILIES)("the stand-in for kube-proxy, $family", ({ address }) => {
  test("TCP connections go round the endpoints, and bytes pass both ways with their end", async () => {
    const first = await echo("TCP", address);
    const second = await echo("TCP", address);
    const port = await frontendTo("TCP", address, [first, second]);
    const answers = [await exchange(address, port, "one\n"), await exchange(address, port, "two\n")];
    expect(answers).toEqual([`pod on ${first}\none\n`, `pod on ${second}\ntwo\n`]);
  });

  test("a connection without an endpoint is refused", async () => {
    const port = await frontendTo("TCP", address, []);
    await expect(exchange(address, port, "x")).rejects.toThrow("ECONNRESET");
  });

  test("a connection to an endpoint that does not listen is refused", async () => {
    const port = await frontendTo("TCP", address, [await freePort("TCP", address)]);
    await expect(exchange(address, port, "x")).rejects.toThrow("ECONNRESET");
  });

  test("UDP answers come back to the client that asked, from the address it asked", async () => {
    const backend = await echo("UDP", address);
    const port = await frontendTo("UDP", address, [backend]);
    expect(await ask(address, port)).toBe(`pod on ${backend}\n`);
    expect(await ask(address, port)).toBe(`pod on ${backend}\n`);
  });

  test("after closing nothing listens", async () => {
    const port = await frontendTo("TCP", address, [await echo("TCP", address)]);
    await open.pop()!.close();
    await expect(exchange(address, port, "x")).rejects.toThrow("ECONNREFUSED");
  });
});

describe("the stand-in for a container", () => {
  test("answers HTTP with its identity", async () => {
    const port = await echo("TCP", "127.0.0.1");
    const response = await fetch(`http://127.0.0.1:${port}/any/path`);
    expect([response.status, await response.text()]).toEqual([200, `pod on ${port}\n`]);
  });

  test("answers HTTPS on the same port", async () => {
    const { ca, certificate, key } = await generateCertificates([], Date.now());
    const port = await echo("TCP", "127.0.0.1", { cert: certificate, key });
    const request = httpsGet({ host: "127.0.0.1", port, ca });
    const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
    let body = "";
    for await (const chunk of response) body += chunk.toString();
    expect(body).toBe(`pod on ${port}\n`);
  });
});
