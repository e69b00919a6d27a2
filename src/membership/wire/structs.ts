import { copyBytes } from "../../bytes/copy.ts";
import { addressFromBytes, addressToBytes, type IpAddress } from "../../ip/address.ts";
import { MalformedError } from "../../lib/errors.ts";
import {
  type Ack,
  type Alive,
  type Dead,
  type ErrorMessage,
  type IndirectPing,
  MAX_META_LENGTH,
  type MemberState,
  type MemberStatus,
  type Nack,
  type NamedEndpoint,
  type Ping,
  type Suspect,
  type Versions,
} from "../message.ts";
import { MAX_ERROR_LENGTH, MAX_NAME_LENGTH, MAX_PACKET_LENGTH, MESSAGE_TYPE } from "./constants.ts";
import type { StructFields } from "./msgpack-reader.ts";
import type { FieldValues } from "./msgpack-writer.ts";

/**
 * Each message as the struct that stands for it on the wire, its fields in the byte order of their names. Byte strings
 * that are read are copies.
 */
interface Struct<M> {
  readonly messageType: number;
  readonly write: (message: M) => FieldValues;
  /** Throws MalformedError. */
  readonly read: (fields: StructFields) => M;
}

/** What is one struct after a type byte. */
export type StructMessage = Ping | IndirectPing | Ack | Nack | Suspect | Alive | Dead | ErrorMessage;

type Structs = { readonly [T in StructMessage["type"]]: Struct<Extract<StructMessage, { readonly type: T }>> };

const MAX_U32 = 0xffff_ffff;

export const STRUCTS: Structs = {
  ping: {
    messageType: MESSAGE_TYPE.PING,
    write: ({ seq, node, source }) => ({ Node: node, SeqNo: seq, ...writeSource(source) }),
    read: (fields) => ({
      type: "ping",
      seq: fields.uint("SeqNo", MAX_U32),
      node: readName(fields, "Node"),
      ...readSource(fields),
    }),
  },
  "indirect-ping": {
    messageType: MESSAGE_TYPE.INDIRECT_PING,
    write: ({ seq, target, nack, source }) => ({
      Nack: nack,
      Node: target.node,
      Port: target.port,
      SeqNo: seq,
      ...writeSource(source),
      Target: addressToBytes(target.address),
    }),
    read: (fields) => ({
      type: "indirect-ping",
      seq: fields.uint("SeqNo", MAX_U32),
      target: {
        node: readName(fields, "Node"),
        address: readAddress(fields, "Target"),
        port: fields.uint("Port", 0xffff),
      },
      nack: fields.flag("Nack"),
      ...readSource(fields),
    }),
  },
  ack: {
    messageType: MESSAGE_TYPE.ACK,
    write: ({ seq, payload }) => ({ Payload: nilIfEmpty(payload), SeqNo: seq }),
    read: (fields) => ({
      type: "ack",
      seq: fields.uint("SeqNo", MAX_U32),
      payload: copyBytes(fields.bytes("Payload", MAX_PACKET_LENGTH)),
    }),
  },
  nack: {
    messageType: MESSAGE_TYPE.NACK,
    write: ({ seq }) => ({ SeqNo: seq }),
    read: (fields) => ({ type: "nack", seq: fields.uint("SeqNo", MAX_U32) }),
  },
  suspect: {
    messageType: MESSAGE_TYPE.SUSPECT,
    write: writeAccusation,
    read: (fields) => ({ type: "suspect", ...readAccusation(fields) }),
  },
  alive: {
    messageType: MESSAGE_TYPE.ALIVE,
    write: ({ incarnation, node, endpoint, meta, versions }) => ({
      Addr: addressToBytes(endpoint.address),
      Incarnation: incarnation,
      Meta: nilIfEmpty(meta),
      Node: node,
      Port: endpoint.port,
      Vsn: writeVersions(versions),
    }),
    read: (fields) => ({ type: "alive", node: readName(fields, "Node"), ...readMember(fields) }),
  },
  dead: {
    messageType: MESSAGE_TYPE.DEAD,
    write: writeAccusation,
    read: (fields) => ({ type: "dead", ...readAccusation(fields) }),
  },
  error: {
    messageType: MESSAGE_TYPE.ERROR,
    write: ({ text }) => ({ Error: text }),
    read: (fields) => ({ type: "error", text: fields.text("Error", MAX_ERROR_LENGTH) }),
  },
};

/** MemberStatus by its number on the wire. */
const STATUSES: readonly MemberStatus[] = ["alive", "suspect", "dead", "left"];

export function writeMemberState(member: MemberState): FieldValues {
  return {
    Addr: addressToBytes(member.endpoint.address),
    Incarnation: member.incarnation,
    Meta: nilIfEmpty(member.meta),
    Name: member.node,
    Port: member.endpoint.port,
    State: STATUSES.indexOf(member.status),
    Vsn: writeVersions(member.versions),
  };
}

/** Throws MalformedError. */
export function readMemberState(fields: StructFields): MemberState {
  const status = STATUSES[fields.uint("State", STATUSES.length - 1)]!;
  return { node: readName(fields, "Name"), status, ...readMember(fields) };
}

function readMember(fields: StructFields): Omit<Alive, "type" | "node"> {
  return {
    incarnation: fields.uint("Incarnation", MAX_U32),
    endpoint: { address: readAddress(fields, "Addr"), port: fields.uint("Port", 0xffff) },
    meta: copyBytes(fields.bytes("Meta", MAX_META_LENGTH)),
    ...readVersions(fields),
  };
}

function writeAccusation({ incarnation, node, from }: Suspect | Dead): FieldValues {
  return { From: from, Incarnation: incarnation, Node: node };
}

function readAccusation(fields: StructFields): Omit<Suspect, "type"> {
  return {
    incarnation: fields.uint("Incarnation", MAX_U32),
    node: readName(fields, "Node"),
    from: readName(fields, "From"),
  };
}

function writeSource(source: NamedEndpoint | undefined): FieldValues {
  if (source === undefined) return {};
  return { SourceAddr: addressToBytes(source.address), SourceNode: source.node, SourcePort: source.port };
}

/** As in memberlist, a source counts when it has both an address and a port. */
function readSource(fields: StructFields): { readonly source?: NamedEndpoint } {
  const port = fields.uint("SourcePort", 0xffff);
  if (port === 0 || fields.bytes("SourceAddr", 16).length === 0) return {};
  return { source: { node: readName(fields, "SourceNode"), address: readAddress(fields, "SourceAddr"), port } };
}

function readName(fields: StructFields, field: string): string {
  return fields.text(field, MAX_NAME_LENGTH);
}

function readAddress(fields: StructFields, field: string): IpAddress {
  const bytes = fields.bytes(field, 16);
  if (bytes.length !== 4 && bytes.length !== 16) throw new MalformedError(`${field} is no IP address`);
  return addressFromBytes(bytes);
}

function writeVersions(versions: Versions | undefined): Uint8Array | null {
  if (versions === undefined) return null;
  const { protocolMin, protocolMax, protocol, delegateMin, delegateMax, delegate } = versions;
  return Uint8Array.of(protocolMin, protocolMax, protocol, delegateMin, delegateMax, delegate);
}

/** As in memberlist, fewer than six bytes say nothing. */
function readVersions(fields: StructFields): { readonly versions?: Versions } {
  const [protocolMin, protocolMax, protocol, delegateMin, delegateMax, delegate] = fields.bytes("Vsn", 32);
  if (delegate === undefined) return {};
  return {
    versions: {
      protocolMin: protocolMin!,
      protocolMax: protocolMax!,
      protocol: protocol!,
      delegateMin: delegateMin!,
      delegateMax: delegateMax!,
      delegate,
    },
  };
}

/** Go's nil, which an empty byte slice is in memberlist unless its program sets one. */
function nilIfEmpty(bytes: Uint8Array): Uint8Array | null {
  return bytes.length === 0 ? null : bytes;
}
