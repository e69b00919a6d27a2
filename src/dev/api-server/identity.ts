import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import type { Certificates } from "./certificates.ts";

/** What clients know a server by. */
export interface Identity {
  readonly certificates: Certificates;
  readonly adminToken: string;
  /** Names in the certificate besides the usual ones. */
  readonly names: readonly string[];
}

/** The identity kept in `directory`, or a new one when there is none or when it lacks a name. */
export async function loadIdentity(
  directory: string | undefined,
  names: readonly string[],
  generate: () => Promise<Certificates>,
): Promise<Identity> {
  const path = directory === undefined ? undefined : join(directory, "identity.json");
  if (path !== undefined && existsSync(path)) {
    const kept = JSON.parse(readFileSync(path, "utf8")) as Identity;
    if (names.every((name) => kept.names.includes(name))) return kept;
  }
  const identity = { certificates: await generate(), adminToken: randomBytes(24).toString("base64url"), names };
  if (path !== undefined && directory !== undefined) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, JSON.stringify(identity), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return identity;
}
