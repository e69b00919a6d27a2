import { concatBytes } from "../../bytes/concat.ts";
import { hex } from "../../bytes/hex.ts";

/** SHA-256 of nothing. */
const EMPTY_DIGEST = hex`
  e3b0c44298fc1c14 9afbf4c8996fb924
  27ae41e4649b934c a495991b7852b855`;

const KEY_LENGTH = 32;

/**
 * The AES-256 key that the reference makes of the Secret's `secretkey`: the first 32 bytes of the secret's own bytes
 * followed by the SHA-256 of nothing. (It is not the SHA-256 of the secret.)
 */
export function gossipKey(secret: Uint8Array): Uint8Array {
  return concatBytes([secret, EMPTY_DIGEST]).subarray(0, KEY_LENGTH);
}
