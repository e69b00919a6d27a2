import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { requireOrSkip } from "../../test/support/requirements.ts";
import { parseAddress } from "../ip/address.ts";
import { millis } from "../lib/duration.ts";
import type { ConnectOptions, StreamHandlers } from "../ports/streams.ts";
import { tcpStreams } from "./tcp.ts";

const LOOPBACK = parseAddress("127.0.0.1")!;

const silent: StreamHandlers = { onData: () => {}, onEnd: () => {}, onClose: () => {} };

/** "connected", or the reason why not. */
function outcomeOf(port: number, options: ConnectOptions): Promise<string> {
  return new Promise((resolve) => {
    const connection = tcpStreams.connect(
      { address: LOOPBACK, port },
      {
        ...silent,
        onConnect: () => {
          connection.destroy();
          resolve("connected");
        },
        onClose: (reason = "closed") => resolve(reason),
      },
      { timeout: millis(300), ...options },
    );
  });
}

describe.skipIf(requireOrSkip(["addon"]).skip)("with the addon", () => {
  test("a listener for both families has keys and hop limits for IPv4, too", async () => {
    const remotes: string[] = [];
    const listener = await tcpStreams.listen({ address: parseAddress("::")!, port: 0 }, () => silent, {
      ttl: 255,
      keys: [{ remote: LOOPBACK, key: "secret" }],
      accepts: ({ address }) => {
        remotes.push(String(address === LOOPBACK));
        return { minTtl: 255 };
      },
      onTrouble: (_, message) => remotes.push(message),
    });
    const { port } = listener.local;
    expect(await outcomeOf(port, { key: "secret", ttl: 255, minTtl: 255 })).toBe("connected");
    expect(await outcomeOf(port, { key: "other" })).toMatch(/no answer within 0.3 s/);
    listener.setKey(LOOPBACK, undefined);
    expect(await outcomeOf(port, { ttl: 255, minTtl: 255 })).toBe("connected");
    listener.close();
    expect(remotes).toEqual(["true", "true"]);
  });

  test.each([
    { why: "a key that is too long", options: { key: "k".repeat(81) }, reason: /MD5 key.*81 bytes.*80/ },
    { why: "a TTL beyond 255", options: { ttl: 256 }, reason: /send with TTL 256.*EINVAL/ },
    {
      why: "a source that is not here",
      options: { source: parseAddress("192.0.2.9")!, ttl: 255 },
      reason: /192\.0\.2\.9.*EADDRNOTAVAIL.*no interface of this node has the address/,
    },
    {
      why: "a source that is not here, without the addon",
      options: { source: parseAddress("192.0.2.9")! },
      reason: /from 192\.0\.2\.9.*EADDRNOTAVAIL.*no interface of this node has the address/,
    },
  ])("a connection fails for $why", async ({ options, reason }) => {
    expect(await outcomeOf(1, options)).toMatch(reason);
  });

  test("no descriptor is left behind", async () => {
    const script = `
      import { readdirSync } from "node:fs";
      const before = readdirSync("/proc/self/fd").length;
      for (let i = 0; i < 20; i++) {
        const onConnection = (connection) => ({ ...silent, onEnd: () => connection.destroy() });
        const listener = await tcpStreams.listen({ address, port: 0 }, onConnection, {
          ttl: 255,
          keys: [{ remote: address, key: "a" }],
          accepts: () => ({ minTtl: 1 }),
        });
        listener.setKey(address, "b");
        await new Promise((done) => {
          const handlers = { ...silent, onConnect: () => { connection.destroy(); done(); } };
          const connection = tcpStreams.connect({ address, port: listener.local.port }, handlers, { key: "b" });
        });
        await new Promise((done) => {
          tcpStreams.connect({ address, port: 1 }, { ...silent, onClose: done }, { ttl: 255, source: 1n << 32n });
        });
        listener.close();
      }
      await new Promise((done) => setTimeout(done, 100));
      console.log(readdirSync("/proc/self/fd").length - before);`;
    expect(run(script)).toEqual({ status: 0, output: "0\n" });
  });
});

test("without the addon everything works but what needs it, which says so", () => {
  const script = `
    const outcome = (port, options) => new Promise((done) => {
      const handlers = { ...silent, onConnect: () => { connection.destroy(); done("connected"); }, onClose: done };
      const connection = tcpStreams.connect({ address, port }, handlers, options);
    });
    const listener = await tcpStreams.listen({ address, port: 0 }, () => silent, { accepts: () => ({}) });
    const { port } = listener.local;
    console.log(await outcome(port, { source: address }));
    console.log(await outcome(port, { key: "a" }));
    for (const act of [() => listener.setKey(address, "a"), () => tcpStreams.listen({ address, port: 0 }, () => silent, { ttl: 255 })]) {
      try { await act(); } catch (error) { console.log(error.code, error.message); }
    }
    listener.close();`;
  const { status, output } = run(script, [], { METALLB_ADDON: "/nowhere/metallb.node" });
  expect(status).toBe(0);
  const [plain, key, setKey, listen] = output.split("\n");
  expect(plain).toBe("connected");
  expect(key).toMatch(
    /can't connect to TCP 127\.0\.0\.1 port \d+ with a key, hop limit or interface: the native addon/,
  );
  expect(setKey).toMatch(/^no-addon the native addon can't be loaded/);
  expect(listen).toMatch(/^no-addon can't listen on TCP 127\.0\.0\.1 port 0 with a key, hop limit or interface/);
});

describe.skipIf(requireOrSkip(["root", "addon", "bin:setpriv"]).skip)("without a capability", () => {
  const unprivileged = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

  test("keys, hop limits and devices work; the port of BGP needs one, which is named", () => {
    const script = `
      const listener = await tcpStreams.listen({ address, port: 0 }, () => silent, {
        device: "lo", ttl: 255, keys: [{ remote: address, key: "a" }], accepts: () => ({ minTtl: 255 }),
      });
      const options = { device: "lo", ttl: 255, minTtl: 255, key: "a", source: address };
      await new Promise((done) => {
        const handlers = { ...silent, onConnect: () => { console.log("connected"); done(); }, onClose: console.log };
        tcpStreams.connect({ address, port: listener.local.port }, handlers, options);
      });
      for (const options of [{}, { ttl: 255 }]) {
        await tcpStreams.listen({ address, port: 179 }, () => silent, options).catch(({ code, message }) => console.log(code, message));
      }
      process.exit(0);`;
    const { output } = run(script, unprivileged);
    const [connected, ...refused] = output.trim().split("\n");
    expect(connected).toBe("connected");
    expect(refused).toHaveLength(2);
    for (const line of refused) expect(line).toMatch(/^EACCES .*port 179.*CAP_NET_BIND_SERVICE/);
  });
});

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a script in a process of its own. */
function run(script: string, wrapper: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Ended {
  const prelude = `
    import { tcpStreams } from ${JSON.stringify(resolve(import.meta.dirname, "tcp.ts"))};
    const address = ${LOOPBACK}n;
    const silent = { onData() {}, onEnd() {}, onClose() {} };`;
  const [program, ...args] = [...wrapper, process.execPath, "--input-type=module", "-e", prelude + script];
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 20_000,
    env: { ...process.env, ...env },
  });
  return { status, output: stdout + stderr };
}
