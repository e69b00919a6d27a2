/** One architecture by everybody's name for it. */
export interface Architecture {
  /** Debian's and Docker's. */
  readonly name: "amd64" | "arm64";
  /** Node's, and npm's `cpu`. */
  readonly node: "x64" | "arm64";
  /** GNU's triplet: in the paths of libraries, and before the names of tools. */
  readonly triplet: string;
  /** What readelf calls it. */
  readonly machine: string;
}

const ARCHITECTURES: readonly Architecture[] = [
  { name: "amd64", node: "x64", triplet: "x86_64-linux-gnu", machine: "Advanced Micro Devices X86-64" },
  { name: "arm64", node: "arm64", triplet: "aarch64-linux-gnu", machine: "AArch64" },
];

/** By Debian's name; that of this machine when there is none. Throws when there are no images for it. */
export function architecture(name: string | undefined): Architecture {
  const found = ARCHITECTURES.find((each) => (name === undefined ? each.node === process.arch : each.name === name));
  if (found === undefined) throw new Error(`no image for architecture ${name ?? process.arch}: use amd64 or arm64`);
  return found;
}
