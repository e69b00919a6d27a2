import type { ByteReader } from "../../bytes/reader.ts";
import { MESSAGE_TYPE } from "./constants.ts";
import { lzwCompress, lzwDecompress } from "./lzw.ts";
import { readStruct } from "./msgpack-reader.ts";
import { MessageWriter } from "./msgpack-writer.ts";
import { RefusedError } from "./refusal.ts";

/** memberlist knows one algorithm. */
const LZW = 0;

/** `body` as a compress message, type byte included. */
export function compress(body: Uint8Array): Uint8Array {
  return new MessageWriter()
    .u8(MESSAGE_TYPE.COMPRESS)
    .struct({ Algo: LZW, Buf: lzwCompress(body) })
    .finish();
}

/** What a compress message holds, read from behind its type byte; more than `limit` bytes are refused. Throws. */
export function decompress(reader: ByteReader, limit: number): Uint8Array {
  const fields = readStruct(reader);
  const algorithm = fields.uint("Algo", 255);
  if (algorithm !== LZW) throw new RefusedError("unknown-compression", `compression algorithm ${algorithm}`);
  return lzwDecompress(fields.bytes("Buf", limit), limit);
}
