import { fieldsOf, textOf } from "../../config/fields.ts";
import type { CertificateTexts } from "../../ports/certificates.ts";
import type { KubeObject } from "../../ports/kube.ts";

const KEYS = ["ca.crt", "ca.key", "tls.crt", "tls.key"] as const satisfies readonly (keyof CertificateTexts)[];

/** What a Secret may hold at all, in base64. */
const LONGEST = 1_400_000;

/** What is kept of the Secret with our certificates. */
export interface CertificateSecret {
  readonly resourceVersion: string;
  /** Never log it. What is not base64 counts as absent. */
  readonly texts: Partial<CertificateTexts>;
}

/** Never throws. */
export function projectCertificateSecret(object: KubeObject): CertificateSecret {
  const data = fieldsOf(object["data"]);
  const texts = KEYS.map((key) => [key, decode(textOf(data[key], LONGEST) ?? "")]);
  return {
    resourceVersion: textOf(fieldsOf(object.metadata)["resourceVersion"]) ?? "",
    texts: Object.fromEntries(texts) as CertificateTexts,
  };
}

/** The Secret's `data`. */
export function secretData(texts: CertificateTexts): Readonly<Record<string, string>> {
  return Object.fromEntries(KEYS.map((key) => [key, btoa(texts[key])]));
}

/** PEM is ASCII. */
function decode(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return "";
  }
}
