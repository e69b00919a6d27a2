import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Cipher } from "../ports/cipher.ts";

const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** AES-GCM of OpenSSL. */
export const systemCipher: Cipher = {
  nonce: () => randomBytes(NONCE_LENGTH),
  seal(key, nonce, plain, associated) {
    const cipher = createCipheriv(algorithm(key), key, nonce).setAAD(associated);
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  },
  open(key, nonce, sealed, associated) {
    const tagAt = sealed.length - TAG_LENGTH;
    if (tagAt < 0) return undefined;
    const decipher = createDecipheriv(algorithm(key), key, nonce, { authTagLength: TAG_LENGTH });
    decipher.setAAD(associated).setAuthTag(sealed.subarray(tagAt));
    const plain = decipher.update(sealed.subarray(0, tagAt));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
  },
};

/** A key of another length is refused by OpenSSL with an unknown algorithm. */
function algorithm(key: Uint8Array): CipherGCMTypes {
  return `aes-${key.length * 8}-gcm` as CipherGCMTypes;
}
