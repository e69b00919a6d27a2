// The X.509 library needs the polyfill to be there before it.
import "reflect-metadata";
import { createPrivateKey, KeyObject, webcrypto, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  X509Certificate as PeculiarCertificate,
} from "@peculiar/x509";
import type { ServerCertificate } from "../ports/certificates.ts";

const HOUR_MS = 3600 * 1000;
const YEAR_MS = 365 * 24 * HOUR_MS;
/** Clocks of clients may be behind. */
const BACKDATE_MS = HOUR_MS;
/** RFC 5280, appendix A: ub-common-name. */
const LONGEST_COMMON_NAME = 64;

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const NEW_KEY = { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) } as const;

/** The name of the authority's own subject; the reference looks for it there, and among the alternative names. */
const AUTHORITY = "cert";

/** A new RSA key pair, which takes a tenth of a second to find. */
export function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(NEW_KEY, true, ["sign", "verify"]);
}

/**
 * A new authority: CN `cert`, O `metallb`, ten years. Keys are RSA-2048 in PKCS #1, since that is all that the reference
 * reads: the Secret survives a way back.
 */
export async function createAuthority(keys: webcrypto.CryptoKeyPair, now: number): Promise<ServerCertificate> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${AUTHORITY}, O=metallb`,
    ...validity(now, 10 * YEAR_MS),
    signingAlgorithm: RSA,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: AUTHORITY }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: pkcs1(keys.privateKey) };
}

/** A new server certificate for `names`, the first of which is the common name, too. One year. */
export async function issueServing(
  authority: ServerCertificate,
  keys: webcrypto.CryptoKeyPair,
  names: readonly string[],
  now: number,
): Promise<ServerCertificate> {
  const issuer = new PeculiarCertificate(authority.cert);
  const signer = signingKey(authority.key);
  // What the authority calls itself: Go hashes keys for this in another way than others do.
  const keyId = issuer.getExtension(SubjectKeyIdentifierExtension)?.keyId;
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
    ...(keyId === undefined ? [] : [new AuthorityKeyIdentifierExtension(keyId)]),
  ];
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [names.find(({ length }) => length <= LONGEST_COMMON_NAME) ?? "metallb"] }],
    issuer: issuer.subjectName,
    ...validity(now, YEAR_MS),
    signingAlgorithm: signer.algorithm,
    publicKey: keys.publicKey,
    signingKey: signer.key,
    extensions,
  });
  return { cert: `${certificate.toString("pem")}\n`, key: pkcs1(keys.privateKey) };
}

/** The one certificate, or the first of a chain; undefined when there is none that can be read. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Whether the key can be read and belongs to the certificate. */
export function isKeyOf(certificate: X509Certificate, pem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem));
  } catch {
    return false;
  }
}

/** Whether `authority` signed `certificate`. */
export function isSignedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  try {
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  } catch {
    return false;
  }
}

/** Whether an authority with this key can issue: RSA, or one of the common elliptic curves. */
export function canSign(pem: string): boolean {
  try {
    return signingKey(pem).key.usages.includes("sign");
  } catch {
    return false;
  }
}

/** Whether OpenSSL takes the pair for a server: it refuses short keys and weak signatures. */
export function canServe(certificate: ServerCertificate): boolean {
  try {
    createSecureContext({ ...certificate });
    return true;
  } catch {
    return false;
  }
}

function validity(now: number, length: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + length) };
}

function pkcs1(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: "pkcs1", format: "pem" }) as string;
}

/** Keys that people put there themselves may be elliptic. */
function signingKey(pem: string): { readonly key: webcrypto.CryptoKey; readonly algorithm: object } {
  const key = createPrivateKey(pem);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const namedCurve = curve === undefined ? undefined : WEB_CURVES[curve];
  const algorithm = namedCurve === undefined ? RSA : { name: "ECDSA", namedCurve, hash: "SHA-256" };
  return { key: key.toCryptoKey(algorithm, false, ["sign"]), algorithm };
}

const WEB_CURVES: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };
