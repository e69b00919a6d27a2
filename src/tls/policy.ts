import { err, ok, type Result } from "../lib/result.ts";
import { CIPHER_SUITES, CURVES, TLS13_CIPHER_SUITES, TLS_VERSIONS } from "./go-names.ts";

/** The flags as they were given; "" is the default. */
export interface TlsFlags {
  readonly tlsMinVersion: string;
  readonly tlsCipherSuites: string;
  readonly tlsCurvePreferences: string;
}

/** What our servers agree to, as options of Node's TLS servers. */
export interface TlsPolicy {
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly ciphers?: string;
  readonly ecdhCurve?: string;
}

/** Without flags: TLS 1.3, with OpenSSL's suites and groups. */
export const DEFAULT_TLS_POLICY: TlsPolicy = { minVersion: "TLSv1.3" };

/** The policy that the flags ask for, or what is wrong with them, one sentence each. */
export function parseTlsPolicy(flags: TlsFlags): Result<TlsPolicy, readonly string[]> {
  const issues: string[] = [];
  const minVersion = parseVersion(flags.tlsMinVersion, issues);
  const suites = parseSuites(flags.tlsCipherSuites, minVersion, issues);
  const curves = parseCurves(flags.tlsCurvePreferences, issues);
  if (issues.length > 0) return err(issues);
  return ok({
    minVersion,
    ...(suites === undefined ? {} : { ciphers: [...TLS13_CIPHER_SUITES, ...suites].join(":") }),
    ...(curves.length === 0 ? {} : { ecdhCurve: curves.join(":") }),
  });
}

function parseVersion(text: string, issues: string[]): TlsPolicy["minVersion"] {
  if (text === "") return DEFAULT_TLS_POLICY.minVersion;
  if (Object.hasOwn(TLS_VERSIONS, text)) return TLS_VERSIONS[text as keyof typeof TLS_VERSIONS];
  issues.push(`--tls-min-version is ${JSON.stringify(text)}: use ${Object.keys(TLS_VERSIONS).join(" or ")}`);
  return DEFAULT_TLS_POLICY.minVersion;
}

/** OpenSSL's names of the TLS 1.2 suites; those of TLS 1.3 are always on. Undefined: not given. */
function parseSuites(
  text: string,
  minVersion: TlsPolicy["minVersion"],
  issues: string[],
): readonly string[] | undefined {
  const names = itemsOf(text);
  if (names.length === 0) return undefined;
  if (minVersion === "TLSv1.3") {
    issues.push(
      "--tls-cipher-suites has no effect on TLS 1.3, which is the minimum: leave it out, or give " +
        "--tls-min-version=VersionTLS12",
    );
    return undefined;
  }
  const suites = names.map((name) => {
    if (Object.hasOwn(CIPHER_SUITES, name)) return CIPHER_SUITES[name]!;
    if (!TLS13_CIPHER_SUITES.includes(name))
      issues.push(
        `--tls-cipher-suites has ${JSON.stringify(name)}, which is not one of: ${Object.keys(CIPHER_SUITES).join(", ")}`,
      );
    return undefined;
  });
  return [...new Set(suites.filter((suite) => suite !== undefined))];
}

function parseCurves(text: string, issues: string[]): readonly string[] {
  const ids = itemsOf(text);
  const known = Object.entries(CURVES).map(([id, name]) => `${id} (${name})`);
  return ids.flatMap((id, i) => {
    const name = /^[0-9]{1,5}$/.test(id) ? CURVES[Number(id)] : undefined;
    if (name === undefined)
      issues.push(`--tls-curve-preferences has ${JSON.stringify(id)}, which is not one of: ${known.join(", ")}`);
    else if (ids.slice(0, i).some((earlier) => Number(earlier) === Number(id)))
      issues.push(`--tls-curve-preferences has ${id} twice: give each curve once`);
    return name ?? [];
  });
}

function itemsOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(",").map((item) => item.trim());
}
