/**
 * Whether version `a` of an object is older than `b`. Resource versions are decimal numbers that grow (Kubernetes 1.35
 * guarantees it, older servers do it); anything else is not judged.
 */
export function isOlder(a: string, b: string): boolean {
  const numbers = /^[0-9]+$/.test(a) && /^[0-9]+$/.test(b);
  return numbers && (a.length === b.length ? a < b : a.length < b.length);
}
