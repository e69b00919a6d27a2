/** What a TLS server shows: its certificate, with what stands between it and its authority, and the key. PEM texts. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority and one serving certificate that it signed, as the keys of a Secret name them. PEM texts, unchecked. */
export interface CertificateTexts {
  /** The authority that signs; behind it those that are still trusted. */
  readonly "ca.crt": string;
  readonly "ca.key": string;
  readonly "tls.crt": string;
  readonly "tls.key": string;
}

/** Why a certificate can't be used (any longer). */
export type CertificateFault =
  | "missing"
  | "too-large"
  | "unreadable"
  | "unusable"
  | "wrong-key"
  | "not-yet-valid"
  | "expires-soon"
  | "not-an-authority"
  | "not-self-signed"
  | "other-authority"
  | "wrong-name"
  | "wrong-usage";

/** Certificates that can be used. */
export interface UsableCertificates {
  readonly serving: ServerCertificate;
  /** PEM texts of all authorities that clients are to trust. */
  readonly bundle: string;
  /** Names the authority that signed `serving`. */
  readonly authority: string;
  /** When `serving` runs out. */
  readonly expires: number;
}

/** What is to be done about the certificates that were found. */
export type CertificatePlan =
  | ({ readonly do: "keep" } & UsableCertificates)
  /** The authority stays. */
  | {
      readonly do: "renew-serving";
      readonly fault: CertificateFault;
      /** What will do until then, when nothing is wrong with it but its age. */
      readonly meanwhile?: UsableCertificates;
    }
  | { readonly do: "new-authority"; readonly fault: CertificateFault }
  /** A predecessor has been trusted for long enough: nobody serves a certificate that it signed. */
  | { readonly do: "retire-predecessor" };

/** Makes and judges the certificates of one server. Times are wall-clock milliseconds since 1970 UTC. */
export interface CertificateMaker {
  /** Pure. `found` comes from the cluster: nothing in it is trusted that doesn't hold. */
  plan(found: Partial<CertificateTexts>, now: number): CertificatePlan;
  /**
   * Carries out a plan that isn't `keep`. `lastGood` is what was in use before, in case `found` lost it: a new authority
   * stands beside the one that the replicas still serve with.
   */
  renew(found: Partial<CertificateTexts>, lastGood: Partial<CertificateTexts>, now: number): Promise<CertificateTexts>;
}
