import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { type Millis, millis, seconds } from "../../src/lib/duration.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import type { Endpoint, StreamMessage } from "../../src/membership/message.ts";
import { REFERENCE_LAN } from "../../src/membership/settings.ts";
import { encodeStream, StreamDecoder } from "../../src/membership/wire/stream.ts";
import { systemCipher } from "../../src/platform/system-cipher.ts";
import type { Connection, StreamHandlers } from "../../src/ports/streams.ts";
import { MembershipDriver, type MembershipDriverOptions } from "../../src/speaker/membership-driver.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryInternet } from "../support/memory-internet.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { settle } from "../support/settle.ts";

const FAMILIES = ["10.0.0.", "fd00::"];
const KEY = new Uint8Array(32).fill(1);
const WIRE = { label: "", keys: [], verifyIncoming: true, verifyOutgoing: true, compress: true };

interface Started {
  readonly driver: MembershipDriver;
  readonly endpoint: Endpoint;
  readonly told: string[];
  readonly refused: string[];
  readonly troubles: string[];
}

class World {
  readonly clock = new ManualClock();
  readonly internet = new MemoryInternet();
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  endpoint(host: number): Endpoint {
    return { address: parseAddress(`${this.#prefix}${host}`)!, port: 7946 };
  }

  driver(host: number, options: Partial<MembershipDriverOptions> = {}): Started {
    const endpoint = this.endpoint(host);
    const [told, refused, troubles] = [[], [], []] as [string[], string[], string[]];
    const driver = new MembershipDriver(
      { self: { node: `node-${host}`, ...endpoint }, bind: endpoint, settings: REFERENCE_LAN, keys: [], ...options },
      {
        clock: this.clock,
        random: seededRandom(host),
        ...this.internet.host(endpoint.address),
        cipher: systemCipher,
        onChange: ({ kind, member }) => void told.push(`${kind} ${member.node}`),
        onStanding: () => {},
        onRefused: ({ reason }) => void refused.push(reason),
        onTrouble: (code) => void troubles.push(code),
      },
    );
    return { driver, endpoint, told, refused, troubles };
  }

  async start(
    host: number,
    seeds: readonly number[],
    options: Partial<MembershipDriverOptions> = {},
  ): Promise<Started> {
    const started = this.driver(host, options);
    await started.driver.start();
    started.driver.setSeeds(seeds.map((seed) => this.endpoint(seed)));
    return started;
  }

  /** Time passes in steps that are shorter than any timeout, so that messages travel meanwhile. */
  async pass(time: Millis): Promise<void> {
    for (let passed = 0; passed < time; passed += 50) {
      this.clock.advance(millis(50));
      await settle();
    }
  }
}

const names = ({ driver }: Started): string[] => driver.members.map(({ node }) => node).toSorted();

describe.each(FAMILIES)("%s", (prefix) => {
  test.each([
    { name: "plain", options: {} },
    { name: "encrypted and labelled", options: { keys: [KEY], label: "blue" } },
  ])("three members find each other, and one that stops is found out: $name", async ({ options }) => {
    const world = new World(prefix);
    const [a, b, c] = [
      await world.start(1, [], options),
      await world.start(2, [1], options),
      await world.start(3, [2], options),
    ];
    await world.pass(seconds(3));
    for (const member of [a, b, c]) expect(names(member)).toEqual(["node-1", "node-2", "node-3"]);
    c.driver.close();
    await world.pass(seconds(30));
    for (const member of [a, b]) {
      expect(member.told).toEqual(expect.arrayContaining(["suspected node-3", "died node-3"]));
      expect(names(member)).toEqual(["node-1", "node-2"]);
    }
    expect([a, b, c].flatMap(({ refused, troubles }) => [...refused, ...troubles])).toEqual([]);
    a.driver.close();
    b.driver.close();
    expect(world.clock.pending).toBe(0);
  });

  test("members stay as long as their streams work, without any datagram", async () => {
    const world = new World(prefix);
    const [a, b] = [await world.start(1, []), await world.start(2, [1])];
    await world.pass(seconds(2));
    world.internet.loses = () => true;
    await world.pass(seconds(60));
    for (const member of [a, b]) expect(member.told.filter((change) => change.startsWith("died"))).toEqual([]);
  });

  test("who leaves is known to have left", async () => {
    const world = new World(prefix);
    const [a, b] = [await world.start(1, []), await world.start(2, [1])];
    await world.pass(seconds(2));
    let left = false;
    void b.driver.leave(seconds(5)).then(() => (left = true));
    await world.pass(seconds(3));
    expect(left).toBe(true);
    b.driver.close();
    expect(a.told).toContain("left node-2");
  });

  test("members with other keys are refused, on both ways", async () => {
    const world = new World(prefix);
    const a = await world.start(1, [], { keys: [KEY] });
    const b = await world.start(2, [1], { keys: [new Uint8Array(32)] });
    await world.pass(seconds(3));
    expect([names(a), names(b)]).toEqual([["node-1"], ["node-2"]]);
    expect(a.refused).toContain("not-authentic");
    expect(b.refused).toContain("not-authentic");
  });
});

describe("streams of strangers", () => {
  const PING: StreamMessage = { type: "ping", seq: 5, node: "node-1" };
  const encode = (message: StreamMessage): Uint8Array => encodeStream(message, WIRE, systemCipher);

  interface Call {
    readonly connection: Connection;
    readonly answers: StreamMessage[];
    readonly closed: () => boolean;
  }

  function call(world: World, to: Endpoint): Call {
    const decoder = new StreamDecoder(WIRE, systemCipher);
    const answers: StreamMessage[] = [];
    let closed = false;
    const handlers: StreamHandlers = {
      onData: (chunk) => {
        const progress = decoder.push(chunk);
        if (progress.kind === "complete") answers.push(progress.decoded.message);
      },
      onEnd: () => connection.end(),
      onClose: () => (closed = true),
    };
    const connection = world.internet.host(world.endpoint(9).address).streams.connect(to, handlers);
    return { connection, answers, closed: () => closed };
  }

  test.each<{ name: string; message: StreamMessage; answer: StreamMessage[] }>([
    { name: "a ping", message: PING, answer: [{ type: "ack", seq: 5, payload: new Uint8Array(0) }] },
    {
      name: "a ping for nobody by name",
      message: { ...PING, node: "" },
      answer: [expect.objectContaining({ seq: 5 })],
    },
    { name: "a ping for somebody else", message: { ...PING, node: "other" }, answer: [] },
    { name: "user data", message: { type: "user", data: new Uint8Array(3) }, answer: [] },
    { name: "an error", message: { type: "error", text: "what?" }, answer: [] },
    { name: "an ack", message: { type: "ack", seq: 1, payload: new Uint8Array(0) }, answer: [] },
    {
      name: "a push/pull",
      message: { type: "push-pull", join: false, members: [], userState: new Uint8Array(0) },
      answer: [expect.objectContaining({ members: [expect.objectContaining({ node: "node-1", status: "alive" })] })],
    },
  ])("$name is answered as it should be, and the connection ends", async ({ message, answer }) => {
    const world = new World(FAMILIES[0]!);
    const { endpoint } = await world.start(1, []);
    const { connection, answers, closed } = call(world, endpoint);
    connection.write(encode(message));
    await settle();
    expect(answers).toEqual(answer);
    expect(closed()).toBe(true);
  });

  test("a member says the versions that it was told to", async () => {
    const world = new World(FAMILIES[0]!);
    const versions = { protocolMin: 1, protocolMax: 5, protocol: 2, delegateMin: 2, delegateMax: 5, delegate: 4 };
    const { endpoint } = await world.start(1, [], { versions });
    const { connection, answers } = call(world, endpoint);
    connection.write(encode({ type: "push-pull", join: true, members: [], userState: new Uint8Array(0) }));
    await settle();
    expect(answers).toMatchObject([{ members: [{ node: "node-1", versions }] }]);
  });

  test("nonsense is answered with an error", async () => {
    const world = new World(FAMILIES[0]!);
    const { endpoint, refused } = await world.start(1, []);
    const { connection, answers, closed } = call(world, endpoint);
    connection.write(Uint8Array.of(99));
    await settle();
    expect(refused).toEqual(["unknown-type"]);
    expect(answers).toEqual([{ type: "error", text: "message type 99 on a stream" }]);
    expect(closed()).toBe(true);
  });

  test("who says half a message is waited for no longer than the timeout", async () => {
    const world = new World(FAMILIES[0]!);
    const { endpoint } = await world.start(1, []);
    const { connection, closed } = call(world, endpoint);
    connection.write(encode(PING).subarray(0, 5));
    await world.pass(millis(REFERENCE_LAN.tcpTimeout - 100));
    expect(closed()).toBe(false);
    await world.pass(millis(200));
    expect(closed()).toBe(true);
  });

  test("who ends after half a message is not waited for", async () => {
    const world = new World(FAMILIES[0]!);
    const { endpoint } = await world.start(1, []);
    const { connection, closed } = call(world, endpoint);
    connection.write(encode(PING).subarray(0, 5));
    connection.end();
    await settle();
    expect(closed()).toBe(true);
  });

  test("the 129th that comes at a time is turned away, and one that comes later is not", async () => {
    const world = new World(FAMILIES[0]!);
    const { endpoint } = await world.start(1, []);
    const calls = Array.from({ length: 129 }, () => call(world, endpoint));
    await settle();
    expect(calls.map(({ closed }) => closed()).filter(Boolean)).toHaveLength(1);
    calls[0]!.connection.destroy();
    await settle();
    const late = call(world, endpoint);
    late.connection.write(encode(PING));
    await settle();
    expect(late.answers).toHaveLength(1);
  });

  test("64 MiB of unfinished messages are the most", async () => {
    const world = new World(FAMILIES[0]!);
    const { endpoint, refused } = await world.start(1, []);
    const half = new Uint8Array(16 << 20);
    half.set(Uint8Array.of(0x08, 0x81, 0xaa, ...new TextEncoder().encode("UserMsgLen"), 0xce, 0x01, 0x30, 0, 0));
    const calls = Array.from({ length: 5 }, () => call(world, endpoint));
    for (const { connection } of calls) connection.write(half);
    await settle();
    expect(refused).toEqual(["too-large"]);
    for (const { connection } of calls) connection.destroy();
  });
});

test("who is closed before it has started leaves nothing open", async () => {
  const world = new World(FAMILIES[0]!);
  const { driver } = world.driver(1);
  const started = driver.start();
  driver.close();
  await started;
  expect(world.clock.pending).toBe(0);
  const again = await world.start(1, []);
  again.driver.close();
});

test("when streams can't be had, nothing stays open", async () => {
  const world = new World(FAMILIES[0]!);
  const { driver, endpoint } = world.driver(1);
  const { datagrams, streams } = world.internet.host(endpoint.address);
  const other = await streams.listen(endpoint, () => ({ onData: () => {}, onEnd: () => {}, onClose: () => {} }));
  await expect(driver.start()).rejects.toThrow(EnvironmentError);
  other.close();
  const socket = await datagrams.bind(endpoint, { onDatagram: () => {}, onTrouble: () => {} });
  socket.close();
});
