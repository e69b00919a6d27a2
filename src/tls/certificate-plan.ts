import type { X509Certificate } from "node:crypto";
import type {
  CertificateFault,
  CertificatePlan,
  CertificateTexts,
  ServerCertificate,
  UsableCertificates,
} from "../ports/certificates.ts";
import { certificatesOf, isTooLarge } from "./pem.ts";
import { canServe, canSign, isKeyOf, isSignedBy, parseCertificate } from "./x509.ts";

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** What is valid for less than this is renewed. */
const LOOKAHEAD_MS = 90 * DAY_MS;

/**
 * How long a predecessor stays trusted beside a new authority. Every replica looks at the Secret at least every twelve
 * hours, so after two days each one that lives serves with the new one.
 */
const OVERLAP_MS = 2 * DAY_MS;

const NOTHING: CertificateTexts = { "ca.crt": "", "ca.key": "", "tls.crt": "", "tls.key": "" };

/** The purpose of TLS servers among those of extended key usage (RFC 5280 §4.2.1.12). */
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/**
 * What is to be done about the certificates in the Secret. Pure; `now` is wall-clock time in milliseconds. `name` is
 * the DNS name under which clients reach the server.
 */
export function certificatePlan(found: Partial<CertificateTexts>, name: string, now: number): CertificatePlan {
  const texts = { ...NOTHING, ...found };
  const authority = firstOf(texts["ca.crt"]);
  const caFault = faultOfAuthority(texts["ca.crt"], texts["ca.key"], authority, now);
  if (authority === undefined || caFault !== undefined) return { do: "new-authority", fault: caFault ?? "unreadable" };
  const serving = { cert: texts["tls.crt"], key: texts["tls.key"] };
  const fault = faultOfServing(serving, authority, name, now);
  const bundle = certificatesOf(texts["ca.crt"]);
  const usable: UsableCertificates = {
    serving,
    bundle: bundle.filter((pem) => isTrustworthy(pem, now)).join(""),
    authority: authority.fingerprint256,
    expires: firstOf(serving.cert)?.validToDate.getTime() ?? now,
  };
  if (fault === "expires-soon" && usable.expires > now) return { do: "renew-serving", fault, meanwhile: usable };
  if (fault !== undefined) return { do: "renew-serving", fault };
  const age = now - authority.validFromDate.getTime();
  if (bundle.length > 1 && age > HOUR_MS + OVERLAP_MS) return { do: "retire-predecessor" };
  return { do: "keep", ...usable };
}

/**
 * The authorities, as PEM texts, that some replica may be serving with now, and that clients must go on trusting while
 * a new one is introduced: those that vouch for a serving certificate with which nothing is wrong but its age.
 */
export function authoritiesInUse(found: Partial<CertificateTexts>, name: string, now: number): readonly string[] {
  const texts = { ...NOTHING, ...found };
  const serving = { cert: texts["tls.crt"], key: texts["tls.key"] };
  return certificatesOf(texts["ca.crt"]).filter((pem) => {
    const authority = isTrustworthy(pem, now) ? parseCertificate(pem) : undefined;
    if (authority === undefined) return false;
    const fault = faultOfServing(serving, authority, name, now);
    return fault === undefined || fault === "expires-soon";
  });
}

function faultOfAuthority(
  text: string,
  key: string,
  authority: X509Certificate | undefined,
  now: number,
): CertificateFault | undefined {
  if (text === "" && key === "") return "missing";
  if (isTooLarge(text) || isTooLarge(key)) return "too-large";
  if (authority === undefined) return "unreadable";
  if (!authority.ca) return "not-an-authority";
  if (!isSignedBy(authority, authority)) return "not-self-signed";
  if (!isKeyOf(authority, key)) return "wrong-key";
  if (!canSign(key)) return "unusable";
  return faultOfTime(authority, now);
}

function faultOfServing(
  { cert, key }: ServerCertificate,
  authority: X509Certificate,
  name: string,
  now: number,
): CertificateFault | undefined {
  if (cert === "" && key === "") return "missing";
  if (isTooLarge(cert) || isTooLarge(key)) return "too-large";
  const serving = firstOf(cert);
  if (serving === undefined) return "unreadable";
  if (!isKeyOf(serving, key)) return "wrong-key";
  if (!canServe({ cert, key })) return "unusable";
  return faultOfIdentity(serving, authority, name) ?? faultOfTime(serving, now);
}

function faultOfIdentity(serving: X509Certificate, authority: X509Certificate, name: string) {
  if (!isSignedBy(serving, authority)) return "other-authority";
  if (serving.checkHost(name, { subject: "never" }) === undefined) return "wrong-name";
  // Node's `keyUsage` is the extended one; a certificate without it may be used for everything.
  if (serving.keyUsage !== undefined && !serving.keyUsage.includes(SERVER_AUTH)) return "wrong-usage";
  return undefined;
}

function faultOfTime(certificate: X509Certificate, now: number): CertificateFault | undefined {
  if (certificate.validFromDate.getTime() > now) return "not-yet-valid";
  return certificate.validToDate.getTime() - now < LOOKAHEAD_MS ? "expires-soon" : undefined;
}

function isTrustworthy(pem: string, now: number): boolean {
  const certificate = parseCertificate(pem);
  if (certificate === undefined || !certificate.ca || !isSignedBy(certificate, certificate)) return false;
  return certificate.validFromDate.getTime() <= now && certificate.validToDate.getTime() > now;
}

function firstOf(text: string): X509Certificate | undefined {
  return parseCertificate(certificatesOf(text)[0] ?? "");
}
