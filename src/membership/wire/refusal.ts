import { errorMessage, MalformedError } from "../../lib/errors.ts";

/** Why bytes from a peer, or a part of them, are not used. Log field and metric label. */
export type WireReason =
  | "wrong-label"
  /** There is a key, and the message is not encrypted or not with one of our keys. */
  | "not-authentic"
  /** There is no key, and the message is encrypted. */
  | "encrypted"
  | "bad-checksum"
  | "unknown-type"
  | "unknown-compression"
  | "too-large"
  /** Packed in a way that memberlist never does, such as a compound message in another. */
  | "nested"
  | "malformed";

export interface WireRefusal {
  readonly reason: WireReason;
  /** For people. */
  readonly detail: string;
}

/** A refusal on its way to the codec's entry, which returns it: callers never see a throw. */
export class RefusedError extends MalformedError {
  readonly reason: WireReason;

  constructor(reason: WireReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** The refusal in what a codec threw; what is our own mistake is thrown on. */
export function refusalOf(thrown: unknown): WireRefusal {
  if (!(thrown instanceof MalformedError)) throw thrown;
  const reason = thrown instanceof RefusedError ? thrown.reason : "malformed";
  return { reason, detail: errorMessage(thrown) };
}
