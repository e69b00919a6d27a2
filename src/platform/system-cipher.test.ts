import { expect, test } from "vitest";
import { hex } from "../bytes/hex.ts";
import { systemCipher } from "./system-cipher.ts";

/** Test cases 4 and 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), which NIST SP 800-38D refers to. */
const PLAIN = hex`
  d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72
  1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39`;
const ASSOCIATED = hex`feedfacedeadbeeffeedfacedeadbeef abaddad2`;
const NONCE = hex`cafebabefacedbaddecaf888`;
const KEY_128 = hex`feffe9928665731c6d6a8f9467308308`;
const KEY_256 = hex`feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308`;
const CASES = [
  {
    bits: 128,
    key: KEY_128,
    sealed: hex`
      42831ec2217774244b7221b784d0d49c e3aa212f2c02a4e035c17e2329aca12e
      21d514b25466931c7d8f6a5aac84aa05 1ba30b396a0aac973d58e091
      5bc94fbc3221a5db94fae95ae7121a47`,
  },
  {
    bits: 256,
    key: KEY_256,
    sealed: hex`
      522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa
      8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662
      76fc6ece0f4e1768cddf8853bb2d551b`,
  },
];

test.each(CASES)("AES-$bits", ({ key, sealed }) => {
  expect(new Uint8Array(systemCipher.seal(key, NONCE, PLAIN, ASSOCIATED))).toEqual(sealed);
  expect(systemCipher.open(key, NONCE, sealed, ASSOCIATED)).toEqual(PLAIN);
});

test("nothing is opened that is not authentic", () => {
  const { sealed } = CASES[0]!;
  expect(systemCipher.open(KEY_128, NONCE, sealed, hex``)).toBeUndefined();
  expect(systemCipher.open(KEY_256, NONCE, sealed, ASSOCIATED)).toBeUndefined();
  expect(systemCipher.open(KEY_128, NONCE, sealed.subarray(0, 15), ASSOCIATED)).toBeUndefined();
});

test("nonces are 12 bytes and not the same twice", () => {
  const nonces = Array.from({ length: 100 }, () => systemCipher.nonce());
  expect(nonces.every(({ length }) => length === 12)).toBe(true);
  expect(new Set(nonces.map(String)).size).toBe(100);
});
