import pino, { type Logger } from "pino";
import type { LogLevel } from "../lib/flags.ts";
import type { Log, LogFields } from "../ports/log.ts";

/** The log levels of the command line and what each means to pino. */
const LEVELS = {
  all: "trace",
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  none: "silent",
} as const satisfies Readonly<Record<LogLevel, string>>;

/**
 * One JSON line per call: `ts` (RFC 3339), `level`, the fields, `msg`. Lines are written at once, so that the last
 * words of a process that dies are not lost. `write` gets whole lines; standard output by default.
 */
export function createLog(options: { readonly level: LogLevel; readonly write?: (line: string) => void }): Log {
  const { level, write } = options;
  const stream = write === undefined ? pino.destination({ dest: 1, sync: true }) : { write };
  return new PinoLog(
    pino(
      {
        level: LEVELS[level],
        base: null,
        timestamp: () => `,"ts":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }), log: readable },
      },
      stream,
    ),
  );
}

class PinoLog implements Log {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  debug(fields: LogFields, message: string): void {
    this.#logger.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#logger.info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#logger.warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#logger.error(fields, message);
  }

  with(fields: LogFields): Log {
    return new PinoLog(this.#logger.child(readable(fields)));
  }
}

/** Errors become their message and those of their causes; integers beyond 2^53 become text, which no reader rounds. */
function readable(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, readableValue(value)]));
}

function readableValue(value: unknown): unknown {
  if (value instanceof Error) return errorText(value, 0);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  return value;
}

function errorText(error: Error, depth: number): string {
  const { cause, message } = error;
  return cause instanceof Error && depth < 8 ? `${message}: ${errorText(cause, depth + 1)}` : message;
}
