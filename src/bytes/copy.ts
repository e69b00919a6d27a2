/** A copy. (`slice` is none when the bytes are a Node Buffer: that gives a view.) */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
