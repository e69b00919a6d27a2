/**
 * Error classes say whose fault it is. User input never throws: it becomes a list of issues.
 * Every error has a stable `code` for logs, metrics and exit messages.
 */
abstract class CodedError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** Our own mistake: an invariant is broken. Nothing recovers from it; the process stops with the context. */
export class BugError extends CodedError {
  constructor(message: string, options?: ErrorOptions) {
    super("bug", message, options);
  }
}

/** The environment failed us: errno, API server, missing capability. `retryable` is decided where errno is known. */
export class EnvironmentError extends CodedError {
  readonly retryable: boolean;

  constructor(code: string, message: string, options: ErrorOptions & { retryable: boolean }) {
    super(code, message, options);
    this.retryable = options.retryable;
  }
}

/** Bytes from the wire that break a protocol's rules. Private to codecs: their public entry returns a Result. */
export class MalformedError extends CodedError {
  constructor(message: string) {
    super("malformed", message);
  }
}

/** The bytes end before the value does. From a stream, the rest may still come. */
export class TruncatedError extends MalformedError {
  /** How many bytes more are needed, at least. */
  readonly missing: number;

  constructor(message: string, missing: number) {
    super(message);
    this.missing = missing;
  }
}

/** Text of anything that was thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
