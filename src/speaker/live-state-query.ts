import { type IpAddress, parseAddress } from "../ip/address.ts";
import { type IpPrefix, parsePrefix } from "../ip/prefix.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { StateQuery } from "./live-state.ts";

/** Addresses or routes at once: a third of a megabyte, made in some 20 ms, in which only layer 2 goes on. */
const MOST_AT_ONCE = 1_000;

/** Addresses and prefixes that can be asked for by name: as many as a Service can have, and a few more. */
const MOST_NAMED = 100;

/** Longer than any object's name. */
const LONGEST_NAME = 253;

/**
 * The query of `/state`. The error is for whoever asked.
 * - `ip`, any number of times, `after` and `limit`: which addresses
 * - `prefix`, any number of times: which routes come with each BGP peer
 * - `peer`: a BGPPeer, of which alone is told, with its routes from `after` on, `limit` of them
 */
export function parseStateQuery(query: URLSearchParams): Result<StateQuery, string> {
  const limitText = query.get("limit") ?? String(MOST_AT_ONCE);
  if (!/^[1-9]\d{0,5}$/.test(limitText)) return err(`limit ${shown(limitText)} is not a number from 1 on`);
  const limit = Math.min(Number(limitText), MOST_AT_ONCE);
  const peer = query.get("peer");
  return peer === null ? addressQuery(query, limit) : routeQuery(query, peer, limit);
}

function addressQuery(query: URLSearchParams, limit: number): Result<StateQuery, string> {
  const ips = allOf(query, "ip", address);
  if (!ips.ok) return ips;
  const prefixes = allOf(query, "prefix", prefix);
  if (!prefixes.ok) return prefixes;
  const after = oneOf(query, "after", address);
  if (!after.ok) return after;
  const named = ips.value.length === 0 ? undefined : new Set(ips.value);
  return ok({ of: "addresses", ips: named, prefixes: prefixes.value, after: after.value, limit });
}

function routeQuery(query: URLSearchParams, peer: string, limit: number): Result<StateQuery, string> {
  if (peer.length === 0 || peer.length > LONGEST_NAME) return err(`peer ${shown(peer)} is not the name of a BGPPeer`);
  const after = oneOf(query, "after", prefix);
  return after.ok ? ok({ of: "routes", peer, after: after.value, limit }) : after;
}

interface Parser<T> {
  readonly what: string;
  parse(text: string): T | undefined;
}

const address: Parser<IpAddress> = { what: "an IP address", parse: parseAddress };
const prefix: Parser<IpPrefix> = { what: "a prefix", parse: parsePrefix };

function allOf<T>(query: URLSearchParams, name: string, parser: Parser<T>): Result<readonly T[], string> {
  const texts = query.getAll(name);
  if (texts.length > MOST_NAMED)
    return err(`${name} is given ${texts.length} times: at most ${MOST_NAMED} are answered`);
  const values: T[] = [];
  for (const text of texts) {
    const value = parser.parse(text);
    if (value === undefined) return err(notWhat(name, text, parser));
    values.push(value);
  }
  return ok(values);
}

function oneOf<T>(query: URLSearchParams, name: string, parser: Parser<T>): Result<T | undefined, string> {
  const text = query.get(name);
  if (text === null) return ok(undefined);
  const value = parser.parse(text);
  return value === undefined ? err(notWhat(name, text, parser)) : ok(value);
}

function notWhat(name: string, text: string, { what }: Parser<unknown>): string {
  return `${name} ${shown(text)} is not ${what}`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 50));
}
