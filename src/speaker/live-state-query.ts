import { type IpAddress, parseAddress } from "../ip/address.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { StateQuery } from "./live-state.ts";

/** Addresses at once: a third of a megabyte, made in some 20 ms, in which the process does nothing else but layer 2. */
const MOST_AT_ONCE = 1_000;

/** Addresses that can be asked for by name: as many as a Service can have, and a few more. */
const MOST_NAMED = 100;

/** The query of `/state`: `ip`, any number of times, `after` and `limit`. The error is for whoever asked. */
export function parseStateQuery(query: URLSearchParams): Result<StateQuery, string> {
  const names = query.getAll("ip");
  if (names.length > MOST_NAMED) return err(`ip is given ${names.length} times: at most ${MOST_NAMED} are answered`);
  const ips = new Set<IpAddress>();
  for (const name of names) {
    const ip = parseAddress(name);
    if (ip === undefined) return err(notAnAddress("ip", name));
    ips.add(ip);
  }
  const afterText = query.get("after");
  const after = afterText === null ? undefined : parseAddress(afterText);
  if (afterText !== null && after === undefined) return err(notAnAddress("after", afterText));
  const limitText = query.get("limit") ?? String(MOST_AT_ONCE);
  if (!/^[1-9]\d{0,5}$/.test(limitText)) return err(`limit ${shown(limitText)} is not a number from 1 on`);
  const limit = Math.min(Number(limitText), MOST_AT_ONCE);
  return ok({ ips: names.length === 0 ? undefined : ips, after, limit });
}

function notAnAddress(parameter: string, text: string): string {
  return `${parameter} ${shown(text)} is not an IP address`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 50));
}
