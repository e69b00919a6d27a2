import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { requireOrSkip } from "../../test/support/requirements.ts";
import { loadAddon, META_WORDS, nativeAddon, type NativeSocket } from "./binding.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const EBADF = -9;
const EFAULT = -14;
const EINVAL = -22;
const ENOTSOCK = -88;
const EPROTONOSUPPORT = -93;

/** RTM_GETLINK for all links: the kernel answers at once, and nobody needs a capability for it. */
const DUMP_LINKS = Uint8Array.from({ length: 32 }, (_, i) => ({ 0: 32, 4: 18, 6: 1, 7: 3, 8: 1 })[i] ?? 0);

describe("loading", () => {
  test("says which paths were tried, why they failed, and how to mend it", () => {
    const text = import.meta.filename.replace("binding.test.ts", "build.sh");
    expect(() => loadAddon(["/nowhere/metallb.node", text])).toThrow(
      expect.objectContaining({
        code: "no-addon",
        message: expect.stringMatching(
          /\/nowhere\/metallb\.node: .*build\.sh: .*sh src\/native\/build\.sh.*C compiler/,
        ),
      }),
    );
  });
});

describe.skipIf(requireOrSkip(["addon"]).skip)("the addon", () => {
  const opened: NativeSocket[] = [];

  const netlink = (): NativeSocket => {
    const socket = nativeAddon().socket(AF_NETLINK, SOCK_RAW, 0);
    if (typeof socket === "number") throw new Error(`errno ${-socket}`);
    opened.push(socket);
    return socket;
  };

  afterEach(() => {
    for (const socket of opened.splice(0)) nativeAddon().close(socket);
  });

  test.each([
    { why: "no arguments", call: "socket", args: () => [] },
    { why: "text for a number", call: "socket", args: () => ["16", 3, 0] },
    { why: "a fraction", call: "socket", args: () => [16.5, 3, 0] },
    { why: "NaN", call: "socket", args: () => [Number.NaN, 3, 0] },
    { why: "beyond 32 bits", call: "socket", args: () => [2 ** 40, 3, 0] },
    { why: "a bigint", call: "socket", args: () => [16n, 3, 0] },
    { why: "a descriptor for a socket", call: "close", args: () => [0] },
    { why: "a foreign object for a socket", call: "close", args: () => [{}] },
    { why: "text for a descriptor", call: "adopt", args: () => ["3"] },
    { why: "a descriptor for a socket", call: "share", args: () => [3] },
    { why: "undefined for a socket", call: "send", args: () => [undefined, new Uint8Array(1)] },
    { why: "an object that inherits from a socket", call: "close", args: () => [Object.create(netlink())] },
    { why: "text for bytes", call: "send", args: () => [netlink(), "abc"] },
    { why: "words for bytes", call: "send", args: () => [netlink(), new Uint16Array(4)] },
    { why: "a bare ArrayBuffer", call: "bind", args: () => [netlink(), new ArrayBuffer(12)] },
    { why: "an address longer than any", call: "bind", args: () => [netlink(), new Uint8Array(129)] },
    { why: "an option that is null", call: "setOption", args: () => [netlink(), 1, 8, null] },
    { why: "half an instruction", call: "attachFilter", args: () => [netlink(), new Uint8Array(12)] },
    { why: "65536 instructions", call: "attachFilter", args: () => [netlink(), new Uint8Array(65_536 * 8)] },
    { why: "a ring that is too small", call: "read", args: () => reader({ ring: new Uint8Array(4095) }) },
    { why: "slots of no size", call: "read", args: () => reader({ slotSize: 0 }) },
    { why: "slots of negative size", call: "read", args: () => reader({ slotSize: -1 }) },
    { why: "metadata of bytes", call: "read", args: () => reader({ meta: new Uint8Array(8) }) },
    { why: "no metadata", call: "read", args: () => reader({ meta: new Int32Array(0) }) },
    { why: "65 slots", call: "read", args: () => reader({ meta: new Int32Array(65 * META_WORDS), slotSize: 1 }) },
    { why: "no callback", call: "read", args: () => reader({ onBatch: {} }) },
    { why: "a closed socket", call: "read", args: () => reader({ socket: closed() }) },
  ] as const)("$call throws TypeError for $why", ({ call, args }) => {
    const addon = nativeAddon() as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    expect(() => addon[call]!(...args())).toThrow(TypeError);
  });

  function reader(other: Partial<Record<"socket" | "ring" | "slotSize" | "meta" | "onBatch", unknown>>): unknown[] {
    const usual = {
      ring: new Uint8Array(4096),
      slotSize: 1024,
      meta: new Int32Array(4 * META_WORDS),
      onBatch: () => {},
    };
    const { socket = netlink(), ring, slotSize, meta, onBatch } = { ...usual, ...other };
    return [socket, ring, slotSize, meta, onBatch];
  }

  function closed(): NativeSocket {
    const socket = netlink();
    nativeAddon().close(socket);
    return socket;
  }

  /** Reads until `enough` says so, and returns what each batch counted. */
  function collect(
    slotSize: number,
    slots: number,
    enough: (count: number, ring: Uint8Array, meta: Int32Array) => boolean,
  ): Promise<number[]> {
    const socket = netlink();
    const ring = new Uint8Array(slotSize * slots);
    const meta = new Int32Array(slots * META_WORDS);
    const counts: number[] = [];
    return new Promise((resolve) => {
      const result = nativeAddon().read(socket, ring, slotSize, meta, (count) => {
        counts.push(count);
        if (!enough(count, ring, meta)) return;
        nativeAddon().close(socket);
        resolve(counts);
      });
      expect(result).toBe(0);
      expect(nativeAddon().send(socket, DUMP_LINKS)).toBe(DUMP_LINKS.length);
    });
  }

  test("errors of the kernel are negative errno", () => {
    expect(nativeAddon().socket(AF_NETLINK, SOCK_RAW, 250)).toBe(EPROTONOSUPPORT);
    expect(nativeAddon().bind(netlink(), new Uint8Array(2))).toBe(EINVAL);
    expect(nativeAddon().attachFilter(netlink(), new Uint8Array(0))).toBe(EINVAL);
  });

  test("a closed socket answers EBADF, and can be closed again", () => {
    const socket = closed();
    nativeAddon().close(socket);
    expect(nativeAddon().send(socket, new Uint8Array(1))).toBe(EBADF);
    expect(nativeAddon().setOption(socket, 1, 8, 4096)).toBe(EBADF);
  });

  test("adopted sockets are further descriptors, closed on their own", () => {
    const socket = netlink();
    const shared = nativeAddon().share(socket);
    const adopted = nativeAddon().adopt(shared);
    if (typeof adopted === "number") throw new Error(`errno ${-adopted}`);
    opened.push(adopted);
    closeSync(shared);
    nativeAddon().close(socket);
    expect(nativeAddon().setOption(adopted, 1, 8, 4096)).toBe(0);
    expect(nativeAddon().share(socket)).toBe(EBADF);
  });

  test.each([
    { why: "no descriptor", descriptor: () => -1, errno: EBADF },
    { why: "a closed one", descriptor: () => 100_000, errno: EBADF },
    { why: "a file", descriptor: () => openSync("/dev/null", "r"), errno: ENOTSOCK },
  ])("what can't be adopted is refused: $why", ({ descriptor, errno }) => {
    const number = descriptor();
    expect(nativeAddon().adopt(number)).toBe(errno);
    if (errno === ENOTSOCK) closeSync(number);
  });

  test("a batch has each datagram in its slot, with length and origin", async () => {
    await collect(32_768, 4, (count, ring, meta) => {
      expect(count).toBeGreaterThan(0);
      const first = new DataView(ring.buffer).getUint32(0, true);
      expect(meta[0]).toBeGreaterThanOrEqual(first);
      expect(meta[1], "the kernel's port").toBe(0);
      return true;
    });
  });

  test("a datagram larger than its slot has length -1", async () => {
    await collect(20, 1, (_, __, meta) => {
      expect(meta[0]).toBe(-1);
      return true;
    });
  });

  test("memory that JavaScript gave away is an error, not a write into it", async () => {
    const socket = netlink();
    const ring = new Uint8Array(4096);
    const count = await new Promise((resolve) => {
      nativeAddon().read(socket, ring, 4096, new Int32Array(META_WORDS), resolve);
      structuredClone(ring, { transfer: [ring.buffer] });
      nativeAddon().send(socket, DUMP_LINKS);
    });
    expect(count).toBe(EFAULT);
  });

  test("a second reader is refused", () => {
    const args = reader({}) as Parameters<ReturnType<typeof nativeAddon>["read"]>;
    expect(nativeAddon().read(...args)).toBe(0);
    expect(() => nativeAddon().read(...args)).toThrow(TypeError);
  });

  describe("in a process of its own", () => {
    const prelude = `
      import { Worker } from "node:worker_threads";
      import { nativeAddon } from ${JSON.stringify(import.meta.filename.replace(".test.ts", ".ts"))};
      const addon = nativeAddon();
      const dump = Uint8Array.from(${JSON.stringify([...DUMP_LINKS])});
      function open(onBatch) {
        const socket = addon.socket(16, 3, 0);
        addon.read(socket, new Uint8Array(32768), 32768, new Int32Array(2), onBatch);
        return socket;
      }`;

    const run = (script: string, ...flags: readonly string[]): { status: number | null; output: string } => {
      const args = [...flags, "--input-type=module", "-e", prelude + script];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 });
      return { status, output: stdout + stderr };
    };

    test("a worker that is terminated while it reads takes nothing down", () => {
      const worker = `${prelude}
        import { parentPort } from "node:worker_threads";
        for (let i = 0; i < 5; i++) addon.send(open(() => parentPort.postMessage("read")), dump);`;
      const script = `
        for (let i = 0; i < 10; i++) {
          const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
          await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
          await worker.terminate();
        }
        console.log("ten ended");`;
      expect(run(script)).toEqual({ status: 0, output: "ten ended\n" });
    });

    test("a process exits with open readers", () => {
      expect(run(`addon.send(open(() => process.exit(7)), dump);`)).toEqual({ status: 7, output: "" });
    });

    test("a process ends by itself once the last reader is closed", () => {
      const script = `const socket = open(() => { addon.close(socket); addon.close(socket); }); addon.send(socket, dump);`;
      expect(run(script)).toEqual({ status: 0, output: "" });
    });

    test("an exception of the callback is an uncaught one, and reading goes on", () => {
      const script = `
        let batches = 0;
        process.on("uncaughtException", (error) => {
          console.log(error.message);
          if (batches === 2) addon.close(socket);
          else addon.send(socket, dump);
        });
        const socket = open(() => { throw new Error("batch " + ++batches); });
        addon.send(socket, dump);`;
      const { status, output } = run(script);
      expect(status).toBe(0);
      expect(output).toContain("batch 1\nbatch 2\n");
    });

    test("sockets that nobody refers to are closed", () => {
      const script = `
        import { readdirSync } from "node:fs";
        import { setImmediate } from "node:timers/promises";
        const before = readdirSync("/proc/self/fd").length;
        for (let i = 0; i < 200; i++) addon.socket(16, 3, 0);
        for (let i = 0; i < 5; i++) { await setImmediate(); gc(); }
        console.log(readdirSync("/proc/self/fd").length - before);`;
      expect(run(script, "--expose-gc")).toEqual({ status: 0, output: "0\n" });
    });
  });
});
