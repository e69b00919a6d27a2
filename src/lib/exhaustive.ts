import { BugError } from "./errors.ts";

/** Compile-time proof that a union was handled completely. */
export function assertNever(value: never): never {
  throw new BugError(`unexpected variant ${JSON.stringify(value)}`);
}
