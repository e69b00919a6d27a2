/** How a report is printed. */
type OutputFormat = "text" | "json";

export interface ValidateOptions {
  /** Files, folders, or `-`. */
  readonly filename: readonly string[];
  /** For objects that name none; undefined: as they agree, else `metallb-system`. */
  readonly namespace: string | undefined;
  readonly output: OutputFormat;
}

/** What these commands touch of the process that they run in. */
export interface Terminal {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The part of a stream to a terminal, a pipe or a file that is used. */
interface TextOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}
