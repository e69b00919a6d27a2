import type { Notification } from "../message.ts";
import { NOTIFICATION, OPEN_ERROR } from "../notification.ts";
import type { SessionConfig } from "./config.ts";
import { CAPABILITY_CODE } from "../wire/capabilities.ts";

const ALL_CODES: readonly number[] = Object.values(CAPABILITY_CODE);

/**
 * Which capabilities are left out of the next OPEN after the peer refused one (RFC 5492 §3). Those that say who we are
 * and what the session is for are never left out: a session without them would stand and be of no use, or announce
 * routes from AS 23456.
 */
export function capabilitiesToLeave(config: SessionConfig, refusal: Notification): readonly number[] {
  if (refusal.code !== NOTIFICATION.OPEN) return [];
  if (refusal.subcode === OPEN_ERROR.UNSUPPORTED_PARAMETER) {
    return neededCodes(config).size === 0 ? ALL_CODES : [];
  }
  if (refusal.subcode !== OPEN_ERROR.UNSUPPORTED_CAPABILITY) return [];
  const needed = neededCodes(config);
  return listedCodes(refusal.data).filter((code) => ALL_CODES.includes(code) && !needed.has(code));
}

function neededCodes({ localAsn, families }: SessionConfig): ReadonlySet<number> {
  const needed = new Set<number>();
  if (families.some((family) => family !== "IPv4")) needed.add(CAPABILITY_CODE.multiprotocol);
  if (localAsn > 0xffff) needed.add(CAPABILITY_CODE["four-octet-as"]);
  return needed;
}

/** The data of "unsupported capability" are capabilities: code, length, value (RFC 5492 §5). */
function listedCodes(data: Uint8Array): readonly number[] {
  const codes: number[] = [];
  for (let at = 0; at + 1 < data.length; at += 2 + data[at + 1]!) codes.push(data[at]!);
  return codes;
}
