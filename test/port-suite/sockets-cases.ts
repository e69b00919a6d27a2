import assert from "node:assert/strict";
import { type IpAddress, parseAddress } from "../../src/ip/address.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import type { Datagrams, DatagramSocket, SocketAddress } from "../../src/ports/datagrams.ts";
import type { Connection, StreamHandlers, Streams } from "../../src/ports/streams.ts";

/** A host that has one address per family. */
export interface SocketsWorld {
  readonly datagrams: Datagrams;
  readonly streams: Streams;
  readonly address: IpAddress;
}

/** What every implementation of the ports must do. */
export interface SocketsCase {
  readonly name: string;
  run(world: SocketsWorld): Promise<void>;
}

/** An address that no host has (RFC 5737, RFC 3849). */
const FOREIGN = { IPv4: parseAddress("192.0.2.1")!, IPv6: parseAddress("2001:db8::1")! };

/** Waits until `done` gives something. */
export async function until<T>(done: () => T | undefined, within = 5000): Promise<T> {
  for (const end = Date.now() + within; Date.now() < end;) {
    const value = done();
    if (value !== undefined) return value;
    await new Promise((turn) => setTimeout(turn, 1));
  }
  throw new Error("it did not happen");
}

interface Received {
  readonly from: SocketAddress;
  readonly payload: Uint8Array;
}

interface Station {
  readonly socket: DatagramSocket;
  readonly received: Received[];
  readonly troubles: string[];
}

async function station({ datagrams, address }: SocketsWorld): Promise<Station> {
  const received: Received[] = [];
  const troubles: string[] = [];
  const socket = await datagrams.bind(
    { address, port: 0 },
    {
      onDatagram: (payload, from) => void received.push({ from, payload: new Uint8Array(payload) }),
      onTrouble: (code) => void troubles.push(code),
    },
  );
  return { socket, received, troubles };
}

export const isEnvironmentError =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof EnvironmentError && error.code === code;

export function foreign({ address }: SocketsWorld): SocketAddress {
  return { address: address >> 32n === 0xffffn ? FOREIGN.IPv4 : FOREIGN.IPv6, port: 0 };
}

const silent = { onDatagram: () => {}, onTrouble: () => {} };

const DATAGRAM_CASES: readonly SocketsCase[] = [
  {
    name: "datagrams arrive whole, with the sender's address, in both directions",
    async run(world) {
      const [a, b] = [await station(world), await station(world)];
      for (const length of [0, 1, 1400, 60_000]) a.socket.send(b.socket.local, new Uint8Array(length).fill(length));
      const { from } = await until(() => b.received[3]);
      assert.deepEqual(from, a.socket.local);
      assert.deepEqual(
        b.received.map(({ payload }) => payload),
        [0, 1, 1400, 60_000].map((length) => new Uint8Array(length).fill(length)),
      );
      b.socket.send(from, Uint8Array.of(9));
      assert.deepEqual((await until(() => a.received[0])).payload, Uint8Array.of(9));
      a.socket.close();
      b.socket.close();
    },
  },
  {
    name: "an address that is taken, or not here, can't be had",
    async run(world) {
      const { socket } = await station(world);
      await assert.rejects(world.datagrams.bind(socket.local, silent), isEnvironmentError("EADDRINUSE"));
      await assert.rejects(world.datagrams.bind(foreign(world), silent), isEnvironmentError("EADDRNOTAVAIL"));
      socket.close();
      (await world.datagrams.bind(socket.local, silent)).close();
    },
  },
  {
    name: "what can't be sent is told, and the socket goes on",
    async run(world) {
      const a = await station(world);
      a.socket.send({ ...a.socket.local, port: 0 }, Uint8Array.of(1));
      await until(() => a.troubles[0]);
      a.socket.send(a.socket.local, new Uint8Array(66_000));
      await until(() => a.troubles[1]);
      a.socket.send(a.socket.local, Uint8Array.of(2));
      assert.deepEqual((await until(() => a.received[0])).payload, Uint8Array.of(2));
      a.socket.close();
    },
  },
  {
    name: "nothing comes, nothing goes and nothing is told after close",
    async run(world) {
      const [a, b] = [await station(world), await station(world)];
      b.socket.send(a.socket.local, Uint8Array.of(1));
      a.socket.close();
      a.socket.close();
      a.socket.send(b.socket.local, Uint8Array.of(2));
      b.socket.send(b.socket.local, Uint8Array.of(3));
      await until(() => b.received[0]);
      assert.deepEqual([a.received, a.troubles, b.received.length], [[], [], 1]);
      b.socket.close();
    },
  },
];

/** Keeps what happens on a connection. */
export class Diary implements StreamHandlers {
  readonly bytes: number[] = [];
  ends = 0;
  readonly closes: (string | undefined)[] = [];

  onData(chunk: Uint8Array): void {
    for (const byte of chunk) this.bytes.push(byte);
  }

  onEnd(): void {
    this.ends++;
  }

  onClose(reason?: string): void {
    this.closes.push(reason);
  }
}

interface Line {
  readonly caller: Connection;
  readonly callerDiary: Diary;
  readonly callee: Connection;
  readonly calleeDiary: Diary;
  close(): void;
}

async function line({ streams, address }: SocketsWorld): Promise<Line> {
  const calleeDiary = new Diary();
  let callee: Connection | undefined;
  const listener = await streams.listen({ address, port: 0 }, (connection) => {
    callee = connection;
    return calleeDiary;
  });
  const callerDiary = new Diary();
  const caller = streams.connect(listener.local, callerDiary);
  return { caller, callerDiary, callee: await until(() => callee), calleeDiary, close: () => listener.close() };
}

const STREAM_CASES: readonly SocketsCase[] = [
  {
    name: "streams carry bytes both ways, from before they stand to after one side has ended",
    async run(world) {
      const { streams, address } = world;
      const diary = new Diary();
      const listener = await streams.listen({ address, port: 0 }, (connection) => ({
        onData: (chunk) => diary.onData(chunk),
        onEnd: () => {
          connection.write(new Uint8Array(1_000_000).fill(7));
          connection.end();
        },
        onClose: (reason) => diary.onClose(reason),
      }));
      const answer = new Diary();
      const caller = streams.connect(listener.local, answer);
      assert.deepEqual(caller.remote, listener.local);
      caller.write(Uint8Array.of(1, 2));
      caller.write(Uint8Array.of(3));
      caller.end();
      await until(() => (answer.closes.length > 0 && diary.closes.length > 0 ? true : undefined));
      assert.deepEqual([diary.bytes, diary.closes], [[1, 2, 3], [undefined]]);
      assert.deepEqual([answer.bytes.length, answer.ends, answer.closes], [1_000_000, 1, [undefined]]);
      listener.close();
    },
  },
  {
    name: "a connection that nobody takes is closed with a reason",
    async run(world) {
      const { streams, address } = world;
      const { local, close } = await streams.listen({ address, port: 0 }, () => new Diary());
      close();
      const diary = new Diary();
      streams.connect(local, diary).write(Uint8Array.of(1));
      await until(() => diary.closes[0]);
      const odd = new Diary();
      streams.connect({ address, port: 0 }, odd);
      await until(() => odd.closes[0]);
      assert.deepEqual([diary.closes.length, odd.closes.length], [1, 1]);
    },
  },
  {
    name: "who destroys hears nothing more, the other side does",
    async run(world) {
      const { caller, callerDiary, callee, calleeDiary, close } = await line(world);
      callee.write(Uint8Array.of(1));
      caller.destroy();
      caller.destroy();
      await until(() => (calleeDiary.closes.length > 0 ? true : undefined));
      assert.deepEqual([callerDiary.closes, callerDiary.ends, calleeDiary.closes.length], [[], 0, 1]);
      close();
    },
  },
  {
    name: "what stands goes on when the listener is closed",
    async run(world) {
      const { caller, callee, calleeDiary, callerDiary, close } = await line(world);
      close();
      caller.write(Uint8Array.of(5));
      await until(() => calleeDiary.bytes[0]);
      callee.end();
      caller.end();
      await until(() => (callerDiary.closes.length > 0 ? true : undefined));
    },
  },
  {
    name: "a place to listen that is taken, or not here, can't be had",
    async run(world) {
      const { streams, address } = world;
      const listener = await streams.listen({ address, port: 0 }, () => new Diary());
      const nobody = (): Diary => new Diary();
      await assert.rejects(streams.listen(listener.local, nobody), isEnvironmentError("EADDRINUSE"));
      await assert.rejects(streams.listen(foreign(world), nobody), isEnvironmentError("EADDRNOTAVAIL"));
      listener.close();
    },
  },
];

export const SOCKETS_CASES: readonly SocketsCase[] = [...DATAGRAM_CASES, ...STREAM_CASES];
