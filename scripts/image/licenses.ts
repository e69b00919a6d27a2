import type { BundledPackage } from "./bundled-packages.ts";

/** Licences, by SPDX identifier, that ask for nothing but to be shown. Another one is for a person to look at first. */
const ALLOWED: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "Unlicense",
]);

/** What keeps the packages from being given to others, a sentence each; empty: nothing. */
export function licenseIssues(packages: readonly BundledPackage[]): readonly string[] {
  return packages.flatMap(({ name, version, license, texts }) => {
    const issues: string[] = [];
    if (license === "") issues.push("its package.json names no licence");
    else if (!ALLOWED.has(license))
      issues.push(`its licence ${license} is not in the list of scripts/image/licenses.ts`);
    if (texts.length === 0) issues.push("it has no file with its licence");
    return issues.map((issue) => `${name} ${version} is in the bundle, and ${issue}`);
  });
}

const LINE = "=".repeat(80);

/** One document with every package's name, version, licence and the files that it has of them. */
export function thirdPartyLicenses(packages: readonly BundledPackage[]): string {
  const sections = packages.map(({ name, version, license, texts }) =>
    [`${LINE}\n${name} ${version}\n${license}\n${LINE}\n`, ...texts.map(({ text }) => `${text.trim()}\n`)].join("\n"),
  );
  return `The npm packages in metallb.mjs and its parts.\n\n${sections.join("\n")}`;
}
