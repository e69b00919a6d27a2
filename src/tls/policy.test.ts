import { createSecureContext, getCiphers } from "node:tls";
import { describe, expect, test } from "vitest";
import { CIPHER_SUITES, CURVES, TLS13_CIPHER_SUITES } from "./go-names.ts";
import { parseTlsPolicy, type TlsFlags, type TlsPolicy } from "./policy.ts";

function parse(flags: Partial<TlsFlags>) {
  return parseTlsPolicy({ tlsMinVersion: "", tlsCipherSuites: "", tlsCurvePreferences: "", ...flags });
}

const TLS12 = { tlsMinVersion: "VersionTLS12" };
const TLS13_NAMES = TLS13_CIPHER_SUITES.join(":");

describe("policy", () => {
  test.each<[Partial<TlsFlags>, TlsPolicy]>([
    [{}, { minVersion: "TLSv1.3" }],
    [{ tlsMinVersion: "VersionTLS13" }, { minVersion: "TLSv1.3" }],
    [TLS12, { minVersion: "TLSv1.2" }],
    [
      { ...TLS12, tlsCipherSuites: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_256_CBC_SHA" },
      { minVersion: "TLSv1.2", ciphers: `${TLS13_NAMES}:ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA` },
    ],
    [
      { ...TLS12, tlsCipherSuites: "TLS_AES_128_GCM_SHA256" },
      { minVersion: "TLSv1.2", ciphers: TLS13_NAMES },
    ],
    [
      { ...TLS12, tlsCipherSuites: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
      { minVersion: "TLSv1.2", ciphers: `${TLS13_NAMES}:ECDHE-RSA-CHACHA20-POLY1305` },
    ],
    [{ tlsCurvePreferences: "29,23" }, { minVersion: "TLSv1.3", ecdhCurve: "X25519:P-256" }],
  ])("%j", (flags, want) => {
    expect(parse(flags)).toEqual({ ok: true, value: want });
  });

  test.each<[Partial<TlsFlags>, readonly string[]]>([
    [{ tlsMinVersion: "TLS1.2" }, ['--tls-min-version is "TLS1.2": use VersionTLS12 or VersionTLS13']],
    [{ tlsMinVersion: "VersionTLS10" }, ["--tls-min-version"]],
    [{ tlsMinVersion: "constructor" }, ["--tls-min-version"]],
    [{ tlsCipherSuites: "TLS_RSA_WITH_AES_128_CBC_SHA" }, ["give --tls-min-version=VersionTLS12"]],
    [{ tlsMinVersion: "VersionTLS13", tlsCipherSuites: "x" }, ["give --tls-min-version=VersionTLS12"]],
    [
      { ...TLS12, tlsCipherSuites: "TLS_RSA_WITH_RC4_128_SHA" },
      ['has "TLS_RSA_WITH_RC4_128_SHA", which is not one of'],
    ],
    [{ ...TLS12, tlsCipherSuites: "," }, ['has ""', 'has ""']],
    [{ tlsCurvePreferences: "22" }, ['--tls-curve-preferences has "22", which is not one of: 23 (P-256)']],
    [{ tlsCurvePreferences: "0" }, ['has "0"']],
    [{ tlsCurvePreferences: "65536" }, ['has "65536"']],
    [{ tlsCurvePreferences: "X25519" }, ['has "X25519"']],
    [{ tlsCurvePreferences: "29,23,029" }, ["has 029 twice"]],
    [{ tlsMinVersion: "x", tlsCurvePreferences: "1" }, ["--tls-min-version", "--tls-curve-preferences"]],
  ])("%j is refused", (flags, want) => {
    expect(parse(flags)).toEqual({ ok: false, error: want.map((text) => expect.stringContaining(text)) });
  });
});

test("OpenSSL has every suite and curve of the tables", () => {
  const suites = [...Object.values(CIPHER_SUITES), ...TLS13_CIPHER_SUITES].map((name) => name.toLowerCase());
  expect(getCiphers()).toEqual(expect.arrayContaining(suites));
  for (const name of Object.values(CURVES)) expect(() => createSecureContext({ ecdhCurve: name })).not.toThrow();
});
