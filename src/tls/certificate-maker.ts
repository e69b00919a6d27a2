import type { webcrypto } from "node:crypto";
import type { CertificateMaker, CertificateTexts } from "../ports/certificates.ts";
import { authoritiesInUse, certificatePlan } from "./certificate-plan.ts";
import { certificatesOf } from "./pem.ts";
import { createAuthority, issueServing, newKeys } from "./x509.ts";

/** Where keys come from; what they are for matters to nobody but tests. */
type KeySource = (purpose: "authority" | "serving") => Promise<webcrypto.CryptoKeyPair>;

/** Certificates for the server behind the Service `service` in `namespace`. */
export function createCertificateMaker(
  service: string,
  namespace: string,
  keys: KeySource = newKeys,
): CertificateMaker {
  const name = `${service}.${namespace}.svc`;
  const names = [name, `${name}.cluster.local`, `${service}.${namespace}`];
  const withServing = async (bundle: string, caKey: string, now: number): Promise<CertificateTexts> => {
    const authority = { cert: certificatesOf(bundle)[0] ?? "", key: caKey };
    const { cert, key } = await issueServing(authority, await keys("serving"), names, now);
    return { "ca.crt": bundle, "ca.key": caKey, "tls.crt": cert, "tls.key": key };
  };
  return {
    plan: (found, now) => certificatePlan(found, name, now),
    renew: async (found, lastGood, now) => {
      switch (certificatePlan(found, name, now).do) {
        case "keep":
          return found as CertificateTexts;
        case "retire-predecessor":
          return { ...(found as CertificateTexts), "ca.crt": certificatesOf(found["ca.crt"] ?? "")[0] ?? "" };
        case "renew-serving":
          return withServing(found["ca.crt"] ?? "", found["ca.key"] ?? "", now);
        case "new-authority": {
          const { cert, key } = await createAuthority(await keys("authority"), now);
          const inUse = [found, lastGood].flatMap((texts) => authoritiesInUse(texts, name, now));
          return withServing([...new Set([cert, ...inUse])].join(""), key, now);
        }
      }
    },
  };
}
