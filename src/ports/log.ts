export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: one JSON line per call. `message` is for people, `fields` for machines. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose lines all carry `fields`. */
  with(fields: LogFields): Log;
}
