import { addressToBytes, familyOf, parseAddress } from "../ip/address.ts";

/** An extended community (RFC 4360) as the unsigned 64-bit number that is sent, type first. */
export type ExtendedCommunity = bigint;

/** High byte of the types that carry who assigned the value, all of them transitive. */
const TYPE = { TWO_OCTET_AS: 0x00n, IPV4_ADDRESS: 0x01n, FOUR_OCTET_AS: 0x02n } as const;

/** The names that FRR and others write the two common kinds with, and their sub-types (RFC 4360 §4 and §5). */
const SUB_TYPES: Readonly<Record<string, bigint>> = { rt: 0x02n, soo: 0x03n };

const UINT16_MAX = 0xffff;
const UINT32_MAX = 0xffff_ffff;

/**
 * Reads `rt:65000:100`, `soo:192.0.2.1:7` (`rt` is a route target, `soo` a route origin; the middle is an AS number or an
 * IPv4 address), or any other community as its 8 bytes in hex: `0x0002fde800000064`. Undefined: none of these.
 */
export function parseExtendedCommunity(text: string): ExtendedCommunity | undefined {
  if (/^0x[0-9a-fA-F]{16}$/.test(text)) return BigInt(text);
  const [kind = "", administrator = "", number = "", ...rest] = text.split(":", 4);
  if (rest.length > 0 || !Object.hasOwn(SUB_TYPES, kind)) return undefined;
  const address = parseAddress(administrator);
  if (address !== undefined && familyOf(address) === "IPv4") {
    const bytes = new DataView(addressToBytes(address).buffer);
    return fourByteAdministrator(TYPE.IPV4_ADDRESS, SUB_TYPES[kind]!, bytes.getUint32(0), number);
  }
  const asn = parseUint(administrator, UINT32_MAX);
  if (asn === undefined) return undefined;
  if (asn > UINT16_MAX) return fourByteAdministrator(TYPE.FOUR_OCTET_AS, SUB_TYPES[kind]!, asn, number);
  const value = parseUint(number, UINT32_MAX);
  if (value === undefined) return undefined;
  return (TYPE.TWO_OCTET_AS << 56n) | (SUB_TYPES[kind]! << 48n) | (BigInt(asn) << 32n) | BigInt(value);
}

/** RFC 4360 §3.2 and RFC 5668 §2: four bytes for who assigned it leave two for the number. */
function fourByteAdministrator(
  type: bigint,
  subType: bigint,
  administrator: number,
  number: string,
): ExtendedCommunity | undefined {
  const value = parseUint(number, UINT16_MAX);
  if (value === undefined) return undefined;
  return (type << 56n) | (subType << 48n) | (BigInt(administrator) << 16n) | BigInt(value);
}

function parseUint(text: string, max: number): number | undefined {
  if (!/^[0-9]{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}
