import { describe, expect, test } from "vitest";
import { systemCipher } from "../../platform/system-cipher.ts";
import { open, seal, sealedLength } from "./encryption.ts";
import { gossipKey } from "./gossip-key.ts";
import { hex } from "../../bytes/hex.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const oldKey = new Uint8Array(16).fill(1);
const newKey = new Uint8Array(32).fill(2);
const label = ascii("label");

describe.each([0, 1] as const)("version %i", (version) => {
  test.each([0, 1, 15, 16, 17, 1400])("%i bytes are sealed and opened", (length) => {
    const plain = new Uint8Array(length).fill(7);
    const sealed = seal(systemCipher, version, newKey, plain, label);
    expect(sealed).toHaveLength(sealedLength(version, length));
    expect(open(systemCipher, [newKey], sealed, label)).toEqual(plain);
  });

  test("any of the keys opens", () => {
    const sealed = seal(systemCipher, version, oldKey, ascii("hello"), label);
    expect(open(systemCipher, [newKey, oldKey], sealed, label)).toEqual(ascii("hello"));
    expect(open(systemCipher, [newKey], sealed, label)).toBeUndefined();
  });

  test("nothing that was changed is opened", () => {
    const sealed = seal(systemCipher, version, newKey, ascii("hello"), label);
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice();
      changed[at]! ^= 1;
      expect(open(systemCipher, [newKey], changed, label)).not.toEqual(ascii("hello"));
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(open(systemCipher, [newKey], sealed.subarray(0, length), label)).toBeUndefined();
    }
    expect(open(systemCipher, [newKey], sealed, ascii("other"))).toBeUndefined();
  });
});

test("a version of the future is not opened", () => {
  expect(open(systemCipher, [newKey], new Uint8Array(60).fill(2), label)).toBeUndefined();
});

test.each([
  {
    name: "the 22 characters that the controller writes",
    secret: "dGhpc2lzMTZieXRlc2xvbg",
    key: hex`6447687063326c7a4d545a69655852 6c63327876 6267 e3b0c44298fc1c149afb`,
  },
  { name: "31 bytes", secret: "s".repeat(31), key: new Uint8Array(32).fill(0x73).fill(0xe3, 31) },
  { name: "32 bytes and more", secret: "s".repeat(40), key: new Uint8Array(32).fill(0x73) },
  { name: "an empty secret", secret: "", key: hex`e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855` },
])("the key of $name", ({ secret, key }) => {
  expect(gossipKey(ascii(secret))).toEqual(key);
});
