import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
// The X.509 library needs the polyfill to be there before it.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** PEM texts of one server: its certificate authority, which clients trust, and its own key pair. */
export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const YEAR_MS = 365 * 24 * 3600 * 1000;
/** Clocks of clients may be behind. */
const BACKDATE_MS = 3600 * 1000;

/** Names under which every API server is reached from inside its cluster. */
const NAMES = [
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
  "127.0.0.1",
  "::1",
  "10.96.0.1",
];

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return x509.PemConverter.encode(der, "PRIVATE KEY");
}

/** Makes a new authority and a server certificate for loopback, the cluster's names and `extraNames` (DNS or IP). */
export async function generateCertificates(extraNames: readonly string[], wallTime: number): Promise<Certificates> {
  x509.cryptoProvider.set(webcrypto);
  const notBefore = new Date(wallTime - BACKDATE_MS);
  const notAfter = new Date(wallTime + YEAR_MS);
  const usages = ["sign", "verify"] as const;
  const caKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, usages);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=metallb-ts development CA",
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, usages);
  const names = [...new Set([...NAMES, ...extraNames])];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: "02",
    subject: "CN=kube-apiserver",
    issuer: ca.subject,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? "dns" : "ip", value: name })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(ca),
    ],
  });
  return { ca: ca.toString("pem"), certificate: certificate.toString("pem"), key: await pem(keys.privateKey) };
}
