import assert from "node:assert/strict";
import { millis } from "../../src/lib/duration.ts";
import type { ConnectOptions, Listener, ListenOptions } from "../../src/ports/streams.ts";
import { Diary, foreign, isEnvironmentError, type SocketsCase, type SocketsWorld, until } from "./sockets-cases.ts";

/** Enough for a connection that can stand, and the patience with one that can't. */
const TIMEOUT = millis(400);

interface Place {
  readonly listener: Listener;
  /** What each connection brought, in the order of their coming. */
  readonly diaries: readonly Diary[];
  /** Connects, sends a byte, and gives what came of it: "heard" on the other side, or the reason why not. */
  attempt(options?: ConnectOptions): Promise<string>;
}

async function place({ streams, address }: SocketsWorld, options?: ListenOptions): Promise<Place> {
  const diaries: Diary[] = [];
  const onConnection = (): Diary => {
    const diary = new Diary();
    diaries.push(diary);
    return diary;
  };
  const listener = await streams.listen({ address, port: 0 }, onConnection, options);
  const attempt = async (connectOptions: ConnectOptions = {}): Promise<string> => {
    const diary = new Diary();
    const before = diaries.length;
    const connection = streams.connect(listener.local, diary, { timeout: TIMEOUT, ...connectOptions });
    connection.write(Uint8Array.of(1));
    const heard = (): string | undefined => (diaries[before]?.bytes.length === 1 ? "heard" : undefined);
    const deaf = millis(2 * TIMEOUT);
    const outcome = await until(() => heard() ?? diary.closes[0], deaf).catch(() => "not heard");
    connection.destroy();
    return outcome;
  };
  return { listener, diaries, attempt };
}

const NO_ANSWER = /no answer/;

export const STREAM_OPTIONS_CASES: readonly SocketsCase[] = [
  {
    name: "both ends know both addresses once the connection stands",
    async run({ streams, address }) {
      const ends: unknown[] = [];
      const listener = await streams.listen({ address, port: 0 }, ({ local, remote }) => {
        ends.push(local, remote);
        return new Diary();
      });
      let stands = false;
      const connection = streams.connect(listener.local, {
        onConnect: () => (stands = true),
        onData: () => {},
        onEnd: () => {},
        onClose: () => {},
      });
      assert.equal(connection.local, undefined);
      await until(() => (stands && ends.length > 0 ? true : undefined));
      assert.deepEqual(ends, [listener.local, connection.local]);
      connection.destroy();
      listener.close();
    },
  },
  {
    name: "a source address that is not here is named",
    async run(world) {
      const { listener, attempt } = await place(world);
      assert.equal(await attempt({ source: world.address }), "heard");
      assert.match(await attempt({ source: foreign(world).address }), /EADDRNOTAVAIL/);
      listener.close();
    },
  },
  {
    name: "an interface must exist",
    async run(world) {
      const { listener, attempt } = await place(world, { device: "lo" });
      assert.equal(await attempt({ device: "lo" }), "heard");
      assert.match(await attempt({ device: "nowhere0" }), /ENODEV/);
      await assert.rejects(place(world, { device: "nowhere0" }), isEnvironmentError("ENODEV"));
      listener.close();
    },
  },
  {
    name: "with a key only the same key is answered, from the first packet on",
    async run(world) {
      const { listener, attempt, diaries } = await place(world, { keys: [{ remote: world.address, key: "secret" }] });
      assert.equal(await attempt({ key: "secret" }), "heard");
      assert.match(await attempt({ key: "wrong" }), NO_ANSWER);
      assert.match(await attempt(), NO_ANSWER);
      assert.equal(diaries.length, 1);
      listener.close();
    },
  },
  {
    name: "keys of a listener come, change and go while it is open",
    async run(world) {
      const { listener, attempt } = await place(world);
      assert.match(await attempt({ key: "first" }), NO_ANSWER);
      listener.setKey(world.address, "first");
      assert.equal(await attempt({ key: "first" }), "heard");
      listener.setKey(world.address, "k".repeat(80));
      assert.match(await attempt({ key: "first" }), NO_ANSWER);
      assert.equal(await attempt({ key: "k".repeat(80) }), "heard");
      listener.setKey(world.address, undefined);
      listener.setKey(world.address, undefined);
      assert.equal(await attempt(), "heard");
      listener.close();
    },
  },
  {
    name: "a listener that is too far away for us is not heard",
    async run(world) {
      const far = await place(world, { ttl: 254 });
      assert.match(await far.attempt({ minTtl: 255 }), NO_ANSWER);
      assert.equal(await far.attempt({ minTtl: 254 }), "heard");
      far.listener.close();
      const near = await place(world, { ttl: 255 });
      assert.equal(await near.attempt({ minTtl: 255 }), "heard");
      near.listener.close();
    },
  },
  {
    name: "a caller that is too far away is not heard",
    async run(world) {
      const { listener, attempt } = await place(world, { ttl: 255, accepts: () => ({ minTtl: 255 }) });
      assert.equal(await attempt({ ttl: 255, minTtl: 255 }), "heard");
      assert.equal(await attempt({ ttl: 254 }), "not heard");
      listener.close();
    },
  },
  {
    name: "who is not accepted is closed, and nothing of him is read",
    async run(world) {
      const asked: unknown[] = [];
      let welcome = false;
      const { listener, attempt, diaries } = await place(world, {
        accepts: (remote, local) => {
          asked.push([remote.address, local]);
          return welcome ? {} : undefined;
        },
      });
      assert.notEqual(await attempt(), "heard");
      assert.deepEqual([diaries, asked], [[], [[world.address, listener.local]]]);
      welcome = true;
      assert.equal(await attempt(), "heard");
      listener.close();
    },
  },
  {
    name: "what the system has not taken yet is counted, and told when it is gone",
    async run({ streams, address }) {
      let received = 0;
      let drained = 0;
      const onConnection = (): Diary =>
        Object.assign(new Diary(), { onData: (chunk: Uint8Array) => void (received += chunk.length) });
      const listener = await streams.listen({ address, port: 0 }, onConnection);
      const handlers = Object.assign(new Diary(), { onDrain: () => void drained++ });
      const connection = streams.connect(listener.local, handlers);
      assert.equal(connection.buffered, 0);
      connection.write(new Uint8Array(20_000_000));
      assert.equal(connection.buffered, 20_000_000);
      await until(() => (drained > 0 && received === 20_000_000 ? true : undefined));
      assert.deepEqual([connection.buffered, drained], [0, 1]);
      connection.destroy();
      listener.close();
    },
  },
];
