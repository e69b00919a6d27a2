import { type Result, err, ok } from "../../lib/result.ts";
import { HEADER_ERROR, NOTIFICATION, type ProtocolError } from "../notification.ts";
import { attempt } from "./fault.ts";
import { decodeHeader, HEADER_LENGTH } from "./header.ts";
import type { WireOptions } from "./options.ts";

/** The room doubles as it fills, from this on. */
const LEAST_ROOM = 4096;

/**
 * Cuts the stream of a connection into messages. Chunks go in, and messages come out one by one, since each may change
 * the options under which the next is read. If all are taken out after each `push`, what lies here is never more than
 * one message and one chunk.
 */
export class Framer {
  #room = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #error: ProtocolError | undefined;

  /** Takes what was read from the connection; the chunk's memory may be used again afterwards. */
  push(chunk: Uint8Array): void {
    if (this.#error !== undefined) return;
    if (this.#end + chunk.length > this.#room.length) this.#makeRoom(chunk.length);
    this.#room.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole message with its header, a view that is valid until the next `push`; undefined as long as bytes are
   * missing. A header that breaks the rules is an error, for good: nothing says where the next message starts.
   */
  next(options: WireOptions): Result<Uint8Array, ProtocolError> | undefined {
    if (this.#error !== undefined) return err(this.#error);
    const waiting = this.#room.subarray(this.#start, this.#end);
    if (waiting.length < HEADER_LENGTH) return undefined;
    const { MESSAGE_HEADER } = NOTIFICATION;
    const header = attempt(MESSAGE_HEADER, HEADER_ERROR.BAD_LENGTH, () => decodeHeader(waiting, options));
    if (!header.ok) {
      this.#error = header.error;
      this.#room = new Uint8Array(0);
      return header;
    }
    const { length } = header.value;
    if (waiting.length < length) return undefined;
    this.#start += length;
    return ok(waiting.subarray(0, length));
  }

  /** Moves what waits to the front, of a larger room if there is too little for `length` bytes more. */
  #makeRoom(length: number): void {
    const waiting = this.#room.subarray(this.#start, this.#end);
    const needed = waiting.length + length;
    // A chunk that is a whole number of messages leaves nothing behind: then no large room stays, either.
    if (needed > this.#room.length || waiting.length === 0) {
      this.#room = new Uint8Array(Math.max(LEAST_ROOM, needed, 2 * waiting.length));
    }
    this.#room.set(waiting);
    this.#start = 0;
    this.#end = waiting.length;
  }
}
