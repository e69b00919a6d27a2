import "reflect-metadata";
import * as fc from "fast-check";
import { createHash, createPrivateKey, KeyObject, webcrypto, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { CertificateTexts, ServerCertificate } from "../ports/certificates.ts";
import { createCertificateMaker } from "./certificate-maker.ts";
import { authoritiesInUse, certificatePlan } from "./certificate-plan.ts";
import { certificatesOf } from "./pem.ts";
import { selfSignedCertificate } from "./self-signed.ts";
import { issueServing, newKeys } from "./x509.ts";

const NOW = Date.UTC(2026, 10, 21);
const DAY = 24 * 3600 * 1000;
const YEAR = 365 * DAY;
const NAME = "metallb-webhook-service.metallb-system.svc";
const MAKER = createCertificateMaker("metallb-webhook-service", "metallb-system");

let good: CertificateTexts;
let other: CertificateTexts;
let notAnAuthority: ServerCertificate;
let elliptic: ServerCertificate;

beforeAll(async () => {
  [good, other] = await Promise.all([MAKER.renew({}, {}, NOW), MAKER.renew({}, {}, NOW)]);
  notAnAuthority = await selfSignedCertificate({ commonName: "cert" });
  elliptic = await ellipticAuthority();
});

async function ellipticAuthority(): Promise<ServerCertificate> {
  const algorithm = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=ours",
    notBefore: new Date(NOW - DAY),
    notAfter: new Date(NOW + YEAR),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new BasicConstraintsExtension(true)],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { cert: certificate.toString("pem"), key };
}

/** As MetalLB's rotator makes them when it is built with Go 1.25: the key identifier begins the key's SHA-256. */
async function referenceTexts(): Promise<CertificateTexts> {
  const [caKeys, keys] = await Promise.all([newKeys(), newKeys()]);
  const pkcs1 = (key: webcrypto.CryptoKey) => KeyObject.from(key).export({ type: "pkcs1", format: "pem" }) as string;
  const publicKey = KeyObject.from(caKeys.publicKey).export({ type: "pkcs1", format: "der" });
  const keyId = createHash("sha256").update(publicKey).digest("hex").slice(0, 40);
  const usages = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment;
  const common = {
    notBefore: new Date(NOW - DAY / 24),
    signingAlgorithm: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  };
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...common,
    name: "O=metallb, CN=cert",
    notAfter: new Date(NOW + 10 * YEAR),
    keys: caKeys,
    extensions: [
      new KeyUsagesExtension(usages | KeyUsageFlags.keyCertSign, true),
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectKeyIdentifierExtension(keyId),
      new SubjectAlternativeNameExtension([{ type: "dns", value: "cert" }]),
    ],
  });
  const serving = await X509CertificateGenerator.create({
    ...common,
    subject: `CN=${NAME}`,
    issuer: authority.subjectName,
    notAfter: new Date(NOW + YEAR),
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new KeyUsagesExtension(usages, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new BasicConstraintsExtension(false, undefined, true),
      new AuthorityKeyIdentifierExtension(keyId),
      new SubjectAlternativeNameExtension([{ type: "dns", value: NAME }]),
    ],
  });
  return {
    "ca.crt": `${authority.toString("pem")}\n`,
    "ca.key": pkcs1(caKeys.privateKey),
    "tls.crt": `${serving.toString("pem")}\n`,
    "tls.key": pkcs1(keys.privateKey),
  };
}

async function served(names: readonly string[], madeAt: number): Promise<Partial<CertificateTexts>> {
  const { cert, key } = await issueServing(
    { cert: good["ca.crt"], key: good["ca.key"] },
    await newKeys(),
    names,
    madeAt,
  );
  return { ...good, "tls.crt": cert, "tls.key": key };
}

describe("what is made", () => {
  test("is kept, and says what the reference's certificates say", () => {
    const plan = MAKER.plan(good, NOW);
    expect(plan).toMatchObject({ do: "keep", bundle: good["ca.crt"], serving: { cert: good["tls.crt"] } });
    const authority = new X509Certificate(good["ca.crt"]);
    expect(authority).toMatchObject({
      subject: "CN=cert\nO=metallb",
      ca: true,
      validFromDate: new Date(NOW - DAY / 24),
    });
    expect(authority.validToDate).toEqual(new Date(NOW + 10 * YEAR));
    const serving = new X509Certificate(good["tls.crt"]);
    expect(serving).toMatchObject({ subject: `CN=${NAME}`, issuer: authority.subject, ca: false });
    expect(serving.subjectAltName).toBe(
      `DNS:${NAME}, DNS:${NAME}.cluster.local, DNS:metallb-webhook-service.metallb-system`,
    );
    expect([serving.validFromDate, serving.validToDate]).toEqual([new Date(NOW - DAY / 24), new Date(NOW + YEAR)]);
  });

  test("can be read by the reference: RSA keys in PKCS #1, and the authority's name among its alternative names", () => {
    for (const key of [good["ca.key"], good["tls.key"]]) {
      expect(key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
      expect(createPrivateKey(key).asymmetricKeyDetails?.modulusLength).toBe(2048);
    }
    expect(new X509Certificate(good["ca.crt"]).checkHost("cert")).toBe("cert");
  });

  test("has a common name that fits, however long the Service's name is", async () => {
    const maker = createCertificateMaker("s".repeat(63), "n".repeat(63));
    const texts = await maker.renew(good, {}, NOW);
    expect(maker.plan(texts, NOW).do).toBe("keep");
    expect(new X509Certificate(texts["tls.crt"]).subject).toBe("CN=metallb");
  });
});

describe("plan", () => {
  const RENEW = "renew-serving";
  const REPLACE = "new-authority";
  test.each<[string, () => Partial<CertificateTexts> | Promise<Partial<CertificateTexts>>, string, string, number?]>([
    ["an empty Secret", () => ({}), REPLACE, "missing"],
    ["no authority", () => ({ ...good, "ca.crt": "", "ca.key": "" }), REPLACE, "missing"],
    ["no authority's key", () => ({ ...good, "ca.key": "" }), REPLACE, "wrong-key"],
    ["garbage for the authority", () => ({ ...good, "ca.crt": "garbage" }), REPLACE, "unreadable"],
    [
      "garbage in the PEM",
      () => ({ ...good, "ca.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }),
      REPLACE,
      "unreadable",
    ],
    ["more than fits", () => ({ ...good, "ca.crt": good["ca.crt"].repeat(60) }), REPLACE, "too-large"],
    ["another authority's key", () => ({ ...good, "ca.key": other["ca.key"] }), REPLACE, "wrong-key"],
    ["a certificate for the authority", () => ({ ...good, "ca.crt": good["tls.crt"] }), REPLACE, "not-an-authority"],
    [
      "a self-signed certificate for the authority",
      () => ({ ...good, "ca.crt": notAnAuthority.cert, "ca.key": notAnAuthority.key }),
      REPLACE,
      "not-an-authority",
    ],
    ["an authority from tomorrow", () => good, REPLACE, "not-yet-valid", NOW - DAY],
    ["an authority in its last 90 days", () => good, REPLACE, "expires-soon", NOW + 10 * YEAR - 89 * DAY],
    ["an authority that ran out", () => good, REPLACE, "expires-soon", NOW + 11 * YEAR],
    ["no certificate", () => ({ ...good, "tls.crt": "", "tls.key": "" }), RENEW, "missing"],
    ["garbage for the certificate", () => ({ ...good, "tls.crt": "garbage" }), RENEW, "unreadable"],
    ["garbage for the key", () => ({ ...good, "tls.key": "garbage" }), RENEW, "wrong-key"],
    ["more than fits in a key", () => ({ ...good, "tls.key": "k".repeat(70_000) }), RENEW, "too-large"],
    ["another certificate's key", () => ({ ...good, "tls.key": other["tls.key"] }), RENEW, "wrong-key"],
    [
      "another authority's certificate",
      () => ({ ...good, "tls.crt": other["tls.crt"], "tls.key": other["tls.key"] }),
      RENEW,
      "other-authority",
    ],
    ["a certificate for another Service", () => served(["x.metallb-system.svc"], NOW), RENEW, "wrong-name"],
    [
      "the authority for a certificate",
      () => ({ ...good, "tls.crt": good["ca.crt"], "tls.key": good["ca.key"] }),
      RENEW,
      "wrong-name",
    ],
    ["a certificate in its last 90 days", () => good, RENEW, "expires-soon", NOW + YEAR - 89 * DAY],
    ["a certificate from tomorrow", () => served([NAME], NOW + 2 * DAY), RENEW, "not-yet-valid"],
  ])("%s: %#", async (_, make, what, fault, now = NOW) => {
    expect(certificatePlan(await make(), NAME, now)).toMatchObject({ do: what, fault });
  });

  test("until 90 days before the end, nothing is done", () => {
    expect(certificatePlan(good, NAME, NOW + YEAR - 91 * DAY).do).toBe("keep");
  });

  test("a certificate that is only old will do meanwhile, one that ran out won't", () => {
    const serving = { cert: good["tls.crt"], key: good["tls.key"] };
    expect(certificatePlan(good, NAME, NOW + YEAR - 1)).toMatchObject({ meanwhile: { serving, expires: NOW + YEAR } });
    expect(certificatePlan(good, NAME, NOW + YEAR)).toEqual({ do: "renew-serving", fault: "expires-soon" });
  });

  test("an authority with an elliptic key, which somebody put there, can sign", async () => {
    const found = { "ca.crt": elliptic.cert, "ca.key": elliptic.key };
    expect(MAKER.plan(found, NOW)).toEqual({ do: "renew-serving", fault: "missing" });
    const texts = await MAKER.renew(found, {}, NOW);
    expect(MAKER.plan(texts, NOW).do).toBe("keep");
    expect(texts["ca.key"]).toBe(elliptic.key);
  });

  test("the reference's authority and certificate are kept, and renewed by the same authority", async () => {
    const found = await referenceTexts();
    expect(MAKER.plan(found, NOW).do).toBe("keep");
    const late = NOW + YEAR - 89 * DAY;
    expect(MAKER.plan(found, late)).toMatchObject({ do: "renew-serving", fault: "expires-soon" });
    const renewed = await MAKER.renew(found, {}, late);
    expect(MAKER.plan(renewed, late).do).toBe("keep");
    expect(renewed["ca.crt"]).toBe(found["ca.crt"]);
  });

  test("whatever the Secret holds, nothing throws and nothing wrong is kept", () => {
    const text = fc.oneof(fc.string(), fc.constantFrom(...Object.values(good), ...Object.values(other)));
    const texts = fc.record({ "ca.crt": text, "ca.key": text, "tls.crt": text, "tls.key": text });
    fc.assert(
      fc.property(texts, (found) => {
        const fits = [good, other].some((right) => JSON.stringify(right) === JSON.stringify(found));
        expect(certificatePlan(found, NAME, NOW).do === "keep").toBe(fits);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a new authority", () => {
  const LATE = NOW + 10 * YEAR - 80 * DAY;
  let aged: CertificateTexts;
  let renewed: CertificateTexts;

  beforeAll(async () => {
    aged = await MAKER.renew(good, {}, LATE - 100 * DAY);
    renewed = await MAKER.renew(aged, {}, LATE);
  });

  test("stands beside the old one, which replicas still serve with, and comes first", () => {
    const [first, second, ...more] = certificatesOf(renewed["ca.crt"]);
    expect([second, more]).toEqual([good["ca.crt"], []]);
    expect(new X509Certificate(renewed["tls.crt"]).verify(new X509Certificate(first!).publicKey)).toBe(true);
    expect(MAKER.plan(renewed, LATE)).toMatchObject({ do: "keep", bundle: renewed["ca.crt"] });
  });

  test("stands alone after two days", async () => {
    expect(MAKER.plan(renewed, LATE + 2 * DAY).do).toBe("keep");
    expect(MAKER.plan(renewed, LATE + 2 * DAY + 1)).toEqual({ do: "retire-predecessor" });
    const retired = await MAKER.renew(renewed, {}, LATE + 3 * DAY);
    expect(retired).toEqual({ ...renewed, "ca.crt": certificatesOf(renewed["ca.crt"])[0] });
    expect(MAKER.plan(retired, LATE + 3 * DAY).do).toBe("keep");
  });

  test("keeps the last good one company, when somebody deletes or empties the Secret", async () => {
    const made = await MAKER.renew({}, good, NOW);
    expect(certificatesOf(made["ca.crt"])).toHaveLength(2);
    expect(certificatesOf(made["ca.crt"])[1]).toBe(good["ca.crt"]);
  });

  test("does not take over what nobody can be serving with", () => {
    expect(authoritiesInUse({ ...good, "ca.crt": `${other["ca.crt"]}${good["ca.crt"]}` }, NAME, NOW)).toEqual([
      good["ca.crt"],
    ]);
    expect(authoritiesInUse({ ...good, "tls.key": other["tls.key"] }, NAME, NOW)).toEqual([]);
    expect(authoritiesInUse(good, NAME, NOW + 11 * YEAR)).toEqual([]);
    expect(authoritiesInUse({}, NAME, NOW)).toEqual([]);
  });
});
