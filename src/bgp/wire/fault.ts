import { errorMessage, MalformedError } from "../../lib/errors.ts";
import { type Result, err, ok } from "../../lib/result.ts";
import type { ProtocolError } from "../notification.ts";

const NO_DATA = new Uint8Array(0);

/** A protocol error on its way to the codec's entry, which returns it: callers never see a throw. */
class ProtocolFault extends MalformedError {
  readonly error: ProtocolError;

  constructor(error: ProtocolError) {
    super(error.message);
    this.error = error;
  }
}

/** To be thrown by what reads a part of a message. */
export function fault(code: number, subcode: number, message: string, data: Uint8Array = NO_DATA): MalformedError {
  return new ProtocolFault({ code, subcode, data, message });
}

/**
 * What `read` returns, or the protocol error it throws. Bytes that end too early, or are left over, are an error of the
 * code and subcode given, without data. Our own mistakes are thrown on.
 */
export function attempt<T>(code: number, subcode: number, read: () => T): Result<T, ProtocolError> {
  try {
    return ok(read());
  } catch (thrown) {
    if (thrown instanceof ProtocolFault) return err(thrown.error);
    if (!(thrown instanceof MalformedError)) throw thrown;
    return err({ code, subcode, data: NO_DATA, message: errorMessage(thrown) });
  }
}
