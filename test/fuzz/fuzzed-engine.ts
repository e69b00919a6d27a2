import { type IpAddress, parseAddress } from "../../src/ip/address.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { FrameKind, Frames } from "../../src/ports/frames.ts";
import type { Link } from "../../src/ports/links.ts";
import type { Random } from "../../src/ports/random.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import type { WorkerEvent } from "../../src/speaker/protocol.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { oneOf } from "./mutate.ts";

export interface Owned {
  readonly link: Link;
  /** Announced on all interfaces. */
  readonly here: readonly string[];
  /** Announced on interfaces that don't exist. */
  readonly elsewhere: readonly string[];
}

/** An engine on fake sockets and on a clock that passes when told; it owns its addresses past their first burst. */
export class FuzzedEngine {
  readonly clock = new ManualClock();
  /** How often each kind of event was told. */
  readonly told: Record<string, number> = {};
  readonly #engine: Layer2Engine;
  readonly #owned: Owned;
  readonly #sockets = new Map<FrameKind, (frame: Uint8Array) => void>();
  #onLinks: (links: readonly Link[]) => void = () => {};
  #sent: Uint8Array[] = [];

  constructor(owned: Owned) {
    this.#owned = owned;
    const { clock } = this;
    const emit = ({ on }: WorkerEvent): void => void (this.told[on] = (this.told[on] ?? 0) + 1);
    const watch = (onChange: (links: readonly Link[]) => void) => {
      this.#onLinks = onChange;
      onChange([owned.link]);
      return { close: () => {} };
    };
    const ports = { frames: this.#frames(), links: { watch }, clock, random: seededRandom(0), emit };
    this.#engine = new Layer2Engine(/^lo$/u, ports);
    this.#engine.start();
    for (const text of owned.here) this.#announce(parseAddress(text)!, "all");
    for (const text of owned.elsewhere) this.#announce(parseAddress(text)!, ["eth9"]);
    // Past the time in which claims are taken for a move, too.
    clock.advance(seconds(10));
  }

  /** What it sends at once. Without a socket for the kind there is nothing that could receive. */
  receive(kind: FrameKind, frame: Uint8Array): readonly Uint8Array[] {
    this.#sent = [];
    this.#sockets.get(kind)?.(frame);
    return this.#sent;
  }

  /** Time passes, an address comes or goes by itself or to another node, or the interface changes. */
  change(random: Random): void {
    const address = parseAddress(oneOf(this.#owned.here, random))!;
    const { link } = this.#owned;
    const changes: readonly (() => void)[] = [
      () => this.#announce(address, "all"),
      () => this.#engine.command({ do: "announce", announcement: { address, interfaces: "all" }, takesOver: true }),
      () => this.#engine.command({ do: "withdraw", address }),
      () => this.#engine.command({ do: "withdraw", address, handover: true }),
      () => this.#engine.resume({ replaced: random.next() < 0.5 }),
      () => this.#onLinks([{ ...link, up: false, running: false }]),
      () => this.#onLinks([link]),
      () => this.clock.advance(seconds(3)),
    ];
    oneOf(changes, random)();
    this.clock.advance(millis(Math.floor(random.next() * 300)));
  }

  #announce(address: IpAddress, interfaces: "all" | readonly string[]): void {
    this.#engine.command({ do: "announce", announcement: { address, interfaces } });
    this.clock.advance(millis(0));
  }

  #frames(): Frames {
    return {
      probe: () => {},
      open: (_link, kind, onFrame) => {
        this.#sockets.set(kind, onFrame);
        return {
          send: (frame) => this.#sent.push(frame.slice()) > 0,
          listenFor: () => {},
          close: () => void this.#sockets.delete(kind),
        };
      },
    };
  }
}
