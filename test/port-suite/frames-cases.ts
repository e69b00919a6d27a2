import assert from "node:assert/strict";
import { parseAddress } from "../../src/ip/address.ts";
import { formatMac } from "../../src/ip/mac.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import type { FrameKind, Frames, FrameSocket } from "../../src/ports/frames.ts";
import type { Link } from "../../src/ports/links.ts";
import { advertisement, arpRequest, CLIENT, solicitation } from "../support/request-frames.ts";

/** One interface with another station on its cable. */
interface FramesWorld {
  readonly frames: Frames;
  readonly link: Link;
  /** The other station sends. */
  inject(frame: Uint8Array): void;
  /** What the other station has received. */
  readonly received: readonly Uint8Array[];
  /** Waits until what was sent has arrived. */
  settle(): Promise<void>;
}

/** What every implementation of the port must do. */
export interface FramesCase {
  readonly name: string;
  run(world: FramesWorld): Promise<void>;
}

interface Row {
  readonly kind: FrameKind;
  readonly owned: string;
  readonly foreign: string;
  request(target: string, destinationMac?: string): Uint8Array;
  /** Frames that say where the owned address is. */
  readonly claims: readonly Uint8Array[];
  /** Frames of the same EtherType that are neither. */
  readonly others: readonly Uint8Array[];
}

const ROWS: readonly Row[] = [
  {
    kind: "arp",
    owned: "10.9.0.100",
    foreign: "10.9.0.101",
    request: (target, destination) => arpRequest(destination === undefined ? { target } : { target, destination }),
    claims: [
      arpRequest({ target: "10.9.0.100", senderIp: "10.9.0.100" }),
      arpRequest({ target: "10.9.0.100", senderIp: "10.9.0.100", operation: 2 }),
      arpRequest({ target: "10.9.0.1", senderIp: "10.9.0.100" }),
    ],
    others: [
      arpRequest({ target: "10.9.0.100", operation: 2 }),
      arpRequest({ target: "10.9.0.100", senderIp: "10.9.0.100", operation: 3 }),
    ],
  },
  {
    kind: "ndp",
    owned: "fd09::100",
    foreign: "fd09::101",
    request: (target, destinationMac) =>
      solicitation(destinationMac === undefined ? { target } : { target, destinationMac }),
    claims: [advertisement({ target: "fd09::100" })],
    others: [solicitation({ target: "fd09::100", type: "8900" }), solicitation({ target: "fd09::100", hopLimit: 254 })],
  },
];

/** Opens a socket, and keeps copies of what it receives. */
function open({ frames, link }: FramesWorld, kind: FrameKind): { socket: FrameSocket; got: Uint8Array[] } {
  const got: Uint8Array[] = [];
  return { socket: frames.open(link, kind, (frame) => void got.push(frame.slice())), got };
}

function casesOf(row: Row): readonly FramesCase[] {
  const { kind, owned, foreign, request, claims, others } = row;
  const address = parseAddress(owned)!;
  return [
    {
      name: `${kind}: requests for the addresses are received whole, multicast and unicast`,
      async run(world) {
        const { socket, got } = open(world, kind);
        socket.listenFor([address]);
        const unicast = request(owned, formatMac(world.link.mac!));
        world.inject(request(owned));
        world.inject(unicast);
        await world.settle();
        socket.close();
        assert.deepEqual(got, [request(owned), unicast]);
      },
    },
    {
      name: `${kind}: whoever says where one of the addresses is, is heard`,
      async run(world) {
        const { socket, got } = open(world, kind);
        socket.listenFor([address]);
        for (const frame of claims) world.inject(frame);
        await world.settle();
        socket.close();
        assert.deepEqual(got, claims);
      },
    },
    {
      name: `${kind}: nothing is received for other addresses, nor before there are any`,
      async run(world) {
        const { socket, got } = open(world, kind);
        world.inject(request(owned));
        await world.settle();
        socket.listenFor([address]);
        world.inject(request(foreign));
        await world.settle();
        socket.listenFor([], [address]);
        world.inject(request(owned));
        await world.settle();
        socket.close();
        assert.deepEqual(got, []);
      },
    },
    {
      name: `${kind}: other frames, frames for other stations and of VLANs are not received`,
      async run(world) {
        const { socket, got } = open(world, kind);
        socket.listenFor([address]);
        const tagged = Uint8Array.of(
          ...request(owned).subarray(0, 12),
          0x81,
          0x00,
          0x00,
          0x05,
          ...request(owned).subarray(12),
        );
        for (const frame of [...others, request(owned, CLIENT.mac), tagged]) world.inject(frame);
        await world.settle();
        socket.close();
        assert.deepEqual(got, []);
      },
    },
    {
      name: `${kind}: what is sent reaches the other station, and does not come back`,
      async run(world) {
        const { socket, got } = open(world, kind);
        socket.listenFor([address]);
        const frame = request(owned);
        assert.equal(socket.send(frame), true);
        await world.settle();
        socket.close();
        assert.deepEqual(got, []);
        assert.ok(world.received.some((other) => Buffer.from(other).equals(frame)));
      },
    },
    {
      name: `${kind}: a closed socket receives nothing, refuses to send, and can be closed again`,
      async run(world) {
        const { socket, got } = open(world, kind);
        socket.listenFor([address]);
        socket.close();
        world.inject(request(owned));
        await world.settle();
        assert.equal(socket.send(request(owned)), false);
        socket.close();
        assert.deepEqual(got, []);
      },
    },
    {
      name: `${kind}: the callback may close the socket`,
      async run(world) {
        let count = 0;
        const socket = world.frames.open(world.link, kind, () => {
          count++;
          socket.close();
        });
        socket.listenFor([address]);
        for (let i = 0; i < 3; i++) world.inject(request(owned));
        await world.settle();
        assert.equal(count, 1);
      },
    },
    {
      name: `${kind}: a link that is gone is an EnvironmentError that may pass`,
      async run(world) {
        const gone = { ...world.link, index: 99_999, name: "gone" };
        assert.throws(
          () => world.frames.open(gone, kind, () => {}),
          (error) => error instanceof EnvironmentError && error.code === "no-link" && error.retryable,
        );
        await world.settle();
      },
    },
  ];
}

export const FRAMES_CASES: readonly FramesCase[] = ROWS.flatMap(casesOf);
