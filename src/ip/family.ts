/** IP family, in the Kubernetes spelling (`spec.ipFamilies`). */
export type Family = "IPv4" | "IPv6";

export const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];

export function otherFamily(family: Family): Family {
  return family === "IPv4" ? "IPv6" : "IPv4";
}

/** Number of bits in an address of the family. */
export function familyBits(family: Family): 32 | 128 {
  return family === "IPv4" ? 32 : 128;
}
