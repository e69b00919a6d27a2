/** What one key of a Secret may hold. A chain of four RSA-4096 certificates is near 10 KB. */
const MAX_TEXT = 64 * 1024;
const MAX_CERTIFICATES = 8;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

export function isTooLarge(text: string): boolean {
  return text.length > MAX_TEXT;
}

/** The certificates of a PEM text one by one, at most eight; whatever stands between them is passed over. */
export function certificatesOf(text: string): readonly string[] {
  if (isTooLarge(text)) return [];
  return Array.from(text.matchAll(CERTIFICATE), ([pem]) => `${pem}\n`).slice(0, MAX_CERTIFICATES);
}
