import { copyBytes } from "../../bytes/copy.ts";
import { ByteReader } from "../../bytes/reader.ts";
import type { ByteWriter } from "../../bytes/writer.ts";
import { MalformedError } from "../../lib/errors.ts";
import { assertNever } from "../../lib/exhaustive.ts";
import type { Capability, ExtendedNextHop, ForwardingFamily, GracefulRestart } from "../message.ts";

/** IANA "Capability Codes" of those that we know. */
export const CAPABILITY_CODE = {
  multiprotocol: 1,
  "route-refresh": 2,
  "extended-next-hop": 5,
  "extended-message": 6,
  "graceful-restart": 64,
  "four-octet-as": 65,
  "enhanced-route-refresh": 70,
} as const satisfies Readonly<Record<Exclude<Capability["is"], "unknown">, number>>;

/** RFC 4724 §3 and RFC 8538 §2: R, N and the 12 bits of the time; F of a family. */
const RESTART = { RESTARTING: 0x8000, NOTIFICATION: 0x4000, TIME: 0x0fff, FORWARDING: 0x80 } as const;

/** Code and length. */
const HEADER_LENGTH = 2;

/** Reads capabilities up to the end (RFC 5492 §4). Throws MalformedError. */
export function decodeCapabilities(reader: ByteReader, into: Capability[]): void {
  while (reader.remaining > 0) {
    const code = reader.u8();
    const value = reader.bytes(reader.u8());
    into.push(decodeCapability(code, value));
  }
}

interface CapabilitySpec {
  readonly fits: (length: number) => boolean;
  readonly decode: (reader: ByteReader) => Capability;
  /** Read in two ways by two speakers, it would have them read the same bytes of UPDATEs in two ways. */
  readonly vital?: true;
}

const isEmpty = (length: number): boolean => length === 0;
const isWord = (length: number): boolean => length === 4;

const SPECS: Readonly<Record<number, CapabilitySpec>> = {
  [CAPABILITY_CODE.multiprotocol]: {
    fits: isWord,
    decode: (reader) => ({ is: "multiprotocol", afi: reader.u16(), safi: reader.u16() & 0xff }),
    vital: true,
  },
  [CAPABILITY_CODE["four-octet-as"]]: {
    fits: isWord,
    decode: (reader) => ({ is: "four-octet-as", asn: reader.u32() }),
    vital: true,
  },
  [CAPABILITY_CODE["route-refresh"]]: { fits: isEmpty, decode: () => ({ is: "route-refresh" }) },
  [CAPABILITY_CODE["enhanced-route-refresh"]]: { fits: isEmpty, decode: () => ({ is: "enhanced-route-refresh" }) },
  [CAPABILITY_CODE["extended-message"]]: { fits: isEmpty, decode: () => ({ is: "extended-message" }) },
  [CAPABILITY_CODE["extended-next-hop"]]: { fits: (length) => length % 6 === 0, decode: decodeExtendedNextHop },
  [CAPABILITY_CODE["graceful-restart"]]: { fits: (length) => length % 4 === 2, decode: decodeGracefulRestart },
};

/**
 * A capability of a length that it can't have is as good as unknown, so that a peer's strange idea of a feature costs
 * that feature and not the session; vital ones excepted.
 */
function decodeCapability(code: number, value: Uint8Array): Capability {
  const spec = SPECS[code];
  if (spec?.fits(value.length)) return spec.decode(new ByteReader(value));
  if (spec?.vital) throw new MalformedError(`capability ${code} can't have ${value.length} bytes`);
  return { is: "unknown", code, value: copyBytes(value) };
}

function decodeExtendedNextHop(reader: ByteReader): Capability {
  const entries: ExtendedNextHop[] = [];
  while (reader.remaining > 0) {
    entries.push({ afi: reader.u16(), safi: reader.u16() & 0xff, nextHopAfi: reader.u16() });
  }
  return { is: "extended-next-hop", entries };
}

function decodeGracefulRestart(reader: ByteReader): GracefulRestart {
  const head = reader.u16();
  const families: ForwardingFamily[] = [];
  while (reader.remaining > 0) {
    families.push({ afi: reader.u16(), safi: reader.u8(), forwarding: (reader.u8() & RESTART.FORWARDING) !== 0 });
  }
  return {
    is: "graceful-restart",
    restarting: (head & RESTART.RESTARTING) !== 0,
    notification: (head & RESTART.NOTIFICATION) !== 0,
    time: head & RESTART.TIME,
    families,
  };
}

/** Bytes that the capability takes with its code and length. */
export function capabilityLength(capability: Capability): number {
  return HEADER_LENGTH + valueLength(capability);
}

function valueLength(capability: Capability): number {
  switch (capability.is) {
    case "multiprotocol":
    case "four-octet-as":
      return 4;
    case "route-refresh":
    case "enhanced-route-refresh":
    case "extended-message":
      return 0;
    case "extended-next-hop":
      return 6 * capability.entries.length;
    case "graceful-restart":
      return 2 + 4 * capability.families.length;
    case "unknown":
      return capability.value.length;
    default:
      return assertNever(capability);
  }
}

export function encodeCapability(capability: Capability, writer: ByteWriter): void {
  writer.u8(codeOf(capability)).u8(valueLength(capability));
  switch (capability.is) {
    case "multiprotocol":
      writer.u16(capability.afi).u16(capability.safi);
      break;
    case "four-octet-as":
      writer.u32(capability.asn);
      break;
    case "extended-next-hop":
      for (const { afi, safi, nextHopAfi } of capability.entries) writer.u16(afi).u16(safi).u16(nextHopAfi);
      break;
    case "graceful-restart":
      encodeGracefulRestart(capability, writer);
      break;
    case "unknown":
      writer.bytes(capability.value);
      break;
    case "route-refresh":
    case "enhanced-route-refresh":
    case "extended-message":
      break;
    default:
      assertNever(capability);
  }
}

function encodeGracefulRestart(capability: GracefulRestart, writer: ByteWriter): void {
  const restarting = capability.restarting ? RESTART.RESTARTING : 0;
  const notification = capability.notification ? RESTART.NOTIFICATION : 0;
  writer.u16(restarting | notification | capability.time);
  for (const { afi, safi, forwarding } of capability.families) {
    writer
      .u16(afi)
      .u8(safi)
      .u8(forwarding ? RESTART.FORWARDING : 0);
  }
}

function codeOf(capability: Capability): number {
  return capability.is === "unknown" ? capability.code : CAPABILITY_CODE[capability.is];
}
