import { concatBytes } from "../../bytes/concat.ts";
import type { Cipher } from "../../ports/cipher.ts";

/**
 * memberlist's envelope: version, nonce, AES-GCM ciphertext and tag. Version 0 pads the text to blocks (PKCS #7),
 * which members of protocol version 1 send; version 1 does not. A member reads both.
 */
export type EncryptionVersion = 0 | 1;

const BLOCK = 16;
const HEADER = 13;
const TAG = 16;

/** How many bytes `seal` returns for `length` bytes. */
export function sealedLength(version: EncryptionVersion, length: number): number {
  const padding = version === 0 ? BLOCK - (length % BLOCK) : 0;
  return HEADER + length + padding + TAG;
}

/** Encrypts under `key`; `associated` is authenticated with it. */
export function seal(
  cipher: Cipher,
  version: EncryptionVersion,
  key: Uint8Array,
  plain: Uint8Array,
  associated: Uint8Array,
): Uint8Array {
  const nonce = cipher.nonce();
  const text = version === 0 ? pad(plain) : plain;
  return concatBytes([Uint8Array.of(version), nonce, cipher.seal(key, nonce, text, associated)]);
}

/** Tries all `keys`, so that keys can be replaced member by member; undefined when none fits. */
export function open(
  cipher: Cipher,
  keys: readonly Uint8Array[],
  envelope: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  const version = envelope[0];
  if ((version !== 0 && version !== 1) || envelope.length < HEADER + TAG) return undefined;
  const nonce = envelope.subarray(1, HEADER);
  for (const key of keys) {
    const text = cipher.open(key, nonce, envelope.subarray(HEADER), associated);
    if (text !== undefined) return version === 0 ? unpad(text) : text;
  }
  return undefined;
}

function pad(plain: Uint8Array): Uint8Array {
  const count = BLOCK - (plain.length % BLOCK);
  return concatBytes([plain, new Uint8Array(count).fill(count)]);
}

function unpad(text: Uint8Array): Uint8Array | undefined {
  const count = text.at(-1) ?? 0;
  if (count < 1 || count > BLOCK || count > text.length) return undefined;
  return text.subarray(0, text.length - count);
}
