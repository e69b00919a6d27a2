import { familyOf, formatAddress, type IpAddress, parseAddress } from "../ip/address.ts";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";

/** What Node calls an address. An IPv6 socket reaches IPv4 by mapped addresses (RFC 4291 §2.5.5.2). */
export function hostName(address: IpAddress, socketIsIpv6: boolean): string {
  const text = formatAddress(address);
  return socketIsIpv6 && familyOf(address) === "IPv4" ? `::ffff:${text}` : text;
}

/** The address in what Node reports; undefined for what is none, or has a zone. */
export function addressOf(host: string | undefined): IpAddress | undefined {
  return host === undefined ? undefined : parseAddress(host);
}

/** The address and zone in what Node reports; undefined for what is none. */
export function zonedAddressOf(
  host: string | undefined,
): { readonly address: IpAddress; readonly zone?: string } | undefined {
  const [literal, zone] = host?.split("%", 2) ?? [];
  const address = addressOf(literal);
  return address && { address, ...(zone === undefined ? {} : { zone }) };
}

/** Errors that may be gone at the next try. */
const PASSING = new Set(["EADDRINUSE", "EADDRNOTAVAIL", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** The error of a socket that could not be had; `action` says what was attempted. */
export function socketError(action: string, thrown: unknown): EnvironmentError {
  const code = codeOf(thrown);
  return new EnvironmentError(code, `can't ${action}: ${errorMessage(thrown)}`, { retryable: PASSING.has(code) });
}

/** The errno's name, or "unknown". */
export function codeOf(thrown: unknown): string {
  const { code } = thrown as { readonly code?: unknown };
  return typeof code === "string" ? code : "unknown";
}
