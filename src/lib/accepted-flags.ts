/** A flag of the reference that is taken so that its manifests work, but changes nothing. */
export interface AcceptedFlag {
  readonly takesValue: boolean;
  /** What becomes of it here, as the rest of a sentence. */
  readonly meaning: string;
}

/** By name, without dashes. */
export type AcceptedFlags = Readonly<Record<string, AcceptedFlag>>;

/** A sentence for each that was given. */
export function acceptedNotes(given: readonly string[], flags: AcceptedFlags): readonly string[] {
  return given.filter((name) => Object.hasOwn(flags, name)).map((name) => `--${name} ${flags[name]!.meaning}`);
}
