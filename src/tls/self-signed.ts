import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import type { ServerCertificate } from "../ports/certificates.ts";

const YEAR_MS = 365 * 24 * 3600 * 1000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A fresh key with a certificate that only says who serves: for encryption, not for trust. Valid for ten years. */
export async function selfSignedCertificate(options: {
  readonly commonName: string;
  readonly ips?: readonly string[];
}): Promise<ServerCertificate> {
  const { commonName, ips = [] } = options;
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const now = Date.now();
  const names = [{ type: "dns" as const, value: commonName }, ...ips.map((value) => ({ type: "ip" as const, value }))];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    notBefore: new Date(now - 3600 * 1000),
    notAfter: new Date(now + 10 * YEAR_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new SubjectAlternativeNameExtension(names)],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate.toString("pem"), key: PemConverter.encode(pkcs8, "PRIVATE KEY") };
}
