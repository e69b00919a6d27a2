import { formatMac, type MacAddress, parseMac } from "../../src/ip/mac.ts";
import type { IpAddress } from "../../src/ip/address.ts";
import { addressFromBytes } from "../../src/ip/address.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import { Dispatcher } from "../../src/lib/queue.ts";
import type { FrameKind, Frames, FrameSocket } from "../../src/ports/frames.ts";
import type { Link, Links } from "../../src/ports/links.ts";
import { testLink } from "./test-link.ts";

interface Receiver {
  readonly link: Link;
  receive(frame: Uint8Array): void;
}

/** An Ethernet segment in memory: every frame that one station sends reaches all others, in order. */
export class MemorySegment {
  /** Every frame that was sent, with the sender's MAC. */
  readonly sent: { readonly from: string; readonly frame: Uint8Array }[] = [];
  readonly #receivers = new Set<Receiver>();
  readonly #dispatcher = new Dispatcher<{ readonly from: Uint8Array; readonly frame: Uint8Array }>((event) => {
    this.sent.push({ from: formatMac(event.from), frame: event.frame });
    for (const receiver of this.#receivers) {
      if (formatMac(receiver.link.mac!) !== formatMac(event.from)) receiver.receive(event.frame);
    }
  });

  /** Puts a frame on the wire as if the station `from` had sent it. */
  inject(from: Uint8Array, frame: Uint8Array): void {
    this.#dispatcher.dispatch({ from, frame: frame.slice() });
  }

  attach(receiver: Receiver): () => void {
    this.#receivers.add(receiver);
    return () => void this.#receivers.delete(receiver);
  }
}

/** A host whose interfaces are cabled to segments: the ports Frames and Links without a kernel. */
export class MemoryHost implements Frames, Links {
  readonly #links = new Map<string, { link: Link; readonly segment: MemorySegment }>();
  readonly #watchers = new Set<(links: readonly Link[]) => void>();
  /** The next sockets fail with these. */
  readonly failures: EnvironmentError[] = [];
  /** Why there are no sockets on any link; undefined: there are. */
  refusal: EnvironmentError | undefined;
  /** Sockets that are open. */
  sockets = 0;
  #nextIndex = 2;

  /** Adds an interface that qualifies for both families, unless `more` says otherwise. */
  plug(name: string, segment: MemorySegment, mac: string, more: Partial<Link> = {}): Link {
    const link = testLink({ index: this.#nextIndex++, name, mac: parseMac(mac)!, ...more });
    this.#links.set(name, { link, segment });
    this.#tell();
    return link;
  }

  change(name: string, more: Partial<Link>): void {
    const entry = this.#links.get(name)!;
    this.#links.set(name, { ...entry, link: { ...entry.link, ...more } });
    this.#tell();
  }

  unplug(name: string): void {
    this.#links.delete(name);
    this.#tell();
  }

  watch(onChange: (links: readonly Link[]) => void): { close(): void } {
    this.#watchers.add(onChange);
    onChange(this.#all());
    return { close: () => void this.#watchers.delete(onChange) };
  }

  probe(): void {
    if (this.refusal !== undefined) throw this.refusal;
  }

  open(link: Link, kind: FrameKind, onFrame: (frame: Uint8Array) => void): FrameSocket {
    const failure = this.refusal ?? this.failures.shift();
    if (failure !== undefined) throw failure;
    const entry = [...this.#links.values()].find((entry) => entry.link.index === link.index);
    if (entry === undefined) throw new EnvironmentError("no-link", `${link.name} is gone`, { retryable: true });
    this.sockets++;
    const addresses = new Set<IpAddress>();
    const detach = entry.segment.attach({
      link,
      receive: (frame) => {
        const about = subjects(kind, frame).some((address) => addresses.has(address));
        if (about && isMeantFor(link.mac!, frame)) onFrame(frame);
      },
    });
    let open = true;
    return {
      send: (frame) => {
        if (open) entry.segment.inject(link.mac!, frame);
        return open;
      },
      listenFor: (added, removed = []) => {
        for (const address of removed) addresses.delete(address);
        for (const address of added) addresses.add(address);
      },
      close: () => {
        if (!open) return;
        open = false;
        this.sockets--;
        detach();
      },
    };
  }

  #all(): readonly Link[] {
    return [...this.#links.values()].map(({ link }) => link);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher(this.#all());
  }
}

/** The addresses that a frame of the kind asks for, or says where they are; none for other frames. */
function subjects(kind: FrameKind, frame: Uint8Array): readonly IpAddress[] {
  const half = (at: number): number => ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  if (kind === "arp") {
    if (half(12) !== 0x0806 || ![1, 2].includes(half(20)) || frame.length < 42) return [];
    const sender = addressFromBytes(frame.subarray(28, 32));
    return half(20) === 1 ? [sender, addressFromBytes(frame.subarray(38, 42))] : [sender];
  }
  const neighbor = half(12) === 0x86dd && frame[20] === 58 && frame[21] === 255 && [0x8700, 0x8800].includes(half(54));
  return neighbor && frame.length >= 78 ? [addressFromBytes(frame.subarray(62, 78))] : [];
}

function isMeantFor(mac: MacAddress, frame: Uint8Array): boolean {
  return (frame[0]! & 1) === 1 || formatMac(frame.subarray(0, 6)) === formatMac(mac);
}
