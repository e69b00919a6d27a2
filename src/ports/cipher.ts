/** AES-GCM with 12-byte nonces and 16-byte tags; keys have 16, 24 or 32 bytes. */
export interface Cipher {
  /** 12 fresh bytes from a source that is fit for cryptography. */
  nonce(): Uint8Array;
  /** Encrypts; returns ciphertext and tag. `associated` is authenticated, but not encrypted. */
  seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Uint8Array;
  /** Decrypts what `seal` returned; undefined when it is not authentic under this key. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined;
}
