import type { Connection, HopLimits, StreamAddress, StreamHandlers } from "../../src/ports/streams.ts";

/** One end of a connection in memory. */
export class MemoryConnection implements Connection {
  readonly remote: StreamAddress;
  readonly limits: Required<HopLimits>;
  readonly #isStalled: (self: MemoryConnection) => boolean;
  handlers: StreamHandlers | undefined;
  /** Called once, when nothing more can happen. */
  onOver: (() => void) | undefined;
  #local: StreamAddress | undefined;
  #peer: MemoryConnection | undefined;
  /** What waits, in order: for the connection to stand, or for the other host to go on. */
  #waiting: (() => void)[] = [];
  #isReady = false;
  #buffered = 0;
  #ended = false;
  #peerEnded = false;

  constructor(remote: StreamAddress, limits: Required<HopLimits>, isStalled: (self: MemoryConnection) => boolean) {
    this.remote = remote;
    this.limits = limits;
    this.#isStalled = isStalled;
  }

  get local(): StreamAddress | undefined {
    return this.#local;
  }

  get buffered(): number {
    return this.#buffered;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  join(peer: MemoryConnection, local: StreamAddress): void {
    this.#peer = peer;
    this.#local = local;
  }

  ready(): void {
    this.#isReady = true;
    this.flush();
  }

  /** Sends what waits, as far as it may go. */
  flush(): void {
    if (!this.#isReady || this.#isStalled(this)) return;
    for (const act of this.#waiting.splice(0)) queueMicrotask(act);
  }

  write(bytes: Uint8Array): void {
    const copy = new Uint8Array(bytes);
    this.#buffered += copy.length;
    this.#toPeer((peer) => {
      this.#buffered -= copy.length;
      if (this.limits.ttl >= peer.limits.minTtl) peer.handlers?.onData(copy);
      if (this.#buffered === 0) this.handlers?.onDrain?.();
    });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#toPeer((peer) => peer.#hearEnd());
  }

  destroy(): void {
    this.handlers = undefined;
    this.#over();
    this.#waiting = [];
    this.#toPeer((peer) => peer.closed(this.#ended ? undefined : "reset"));
  }

  closed(reason?: string): void {
    const { handlers } = this;
    this.handlers = undefined;
    this.#over();
    handlers?.onClose(reason);
  }

  #over(): void {
    this.onOver?.();
    this.onOver = undefined;
  }

  #hearEnd(): void {
    this.#peerEnded = true;
    this.handlers?.onEnd();
    if (this.#ended) this.#bothEnded();
  }

  /** Whoever ends second closes both ends. */
  #bothEnded(): void {
    this.closed();
    this.#toPeer((peer) => peer.#peerEnded && peer.closed());
  }

  #toPeer(act: (peer: MemoryConnection) => void): void {
    this.#waiting.push(() => {
      if (this.#peer !== undefined) act(this.#peer);
    });
    this.flush();
  }
}
