import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Architecture } from "./architecture.ts";

/** A file of a Debian package, and where the image needs it. */
export interface SharedLibrary {
  readonly source: string;
  readonly target: string;
  readonly package: string;
}

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly sourceName: string;
  readonly sourceVersion: string;
  readonly architecture: string;
  /** SPDX expression of what the libraries in it are under. */
  readonly license: string;
  readonly copyright: string;
}

/** The packages that libraries may come from. Another one is for a person to look at first. */
const LICENSES: Readonly<Record<string, string>> = {
  libc6: "LGPL-2.1-or-later",
  "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
  "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
};

/** All that `programs` need at run time: the loader where they look for it, libraries where the loader does. */
export function sharedLibraries(programs: readonly string[], target: Architecture): readonly SharedLibrary[] {
  const found = new Map<string, SharedLibrary>();
  const pending = [...programs];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const { needed, interpreter } = readElf(file, target);
    if (interpreter !== undefined) found.set(basename(interpreter), locate(basename(interpreter), interpreter, target));
    for (const name of needed.filter((name) => !found.has(name) && !name.startsWith("ld-linux"))) {
      const library = locate(name, `/lib/${target.triplet}/${name}`, target);
      found.set(name, library);
      pending.push(library.source);
    }
  }
  return [...found.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
}

/** What an ELF file needs. Throws when it is for another architecture. */
function readElf(
  file: string,
  { triplet, machine }: Architecture,
): { readonly needed: readonly string[]; readonly interpreter: string | undefined } {
  const text = execFileSync(`${triplet}-readelf`, ["-hldW", file], { encoding: "utf8" });
  const got = /Machine:\s+(.*)/.exec(text)?.[1];
  if (got !== machine) throw new Error(`${file} is for ${got ?? "no machine"}, not for ${machine}`);
  return {
    needed: [...text.matchAll(/\(NEEDED\)\s+Shared library: \[(.*)\]/g)].map((match) => match[1]!),
    interpreter: /Requesting program interpreter: (.*)\]/.exec(text)?.[1],
  };
}

function locate(name: string, path: string, { name: architecture, triplet }: Architecture): SharedLibrary {
  // dpkg knows a file only by the path that its package has, whether /lib is a link to /usr/lib or not.
  for (const folder of [`/lib/${triplet}`, `/usr/lib/${triplet}`]) {
    const source = join(folder, name);
    if (!existsSync(source)) continue;
    const owner = ownerOf(source);
    if (owner !== undefined) return { source, target: path, package: owner };
  }
  throw new Error(
    `no package for ${architecture} has ${name}: apt-get install libc6:${architecture} libstdc++6:${architecture}`,
  );
}

function ownerOf(path: string): string | undefined {
  try {
    const answer = execFileSync("dpkg-query", ["--search", path], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return /^([^:]+):/.exec(answer)?.[1];
  } catch {
    return undefined;
  }
}

/** What dpkg knows of an installed package. Throws when its licence is not in the table. */
export function debianPackage(name: string, { name: architecture }: Architecture): DebianPackage {
  const license = LICENSES[name];
  if (license === undefined)
    throw new Error(`a library is of Debian's ${name}, whose licence is not in scripts/image/shared-libraries.ts`);
  const format = "${Version} ${source:Package} ${source:Version}";
  const answer = execFileSync("dpkg-query", ["--show", "-f", format, `${name}:${architecture}`], { encoding: "utf8" });
  const [version, sourceName, sourceVersion] = answer.split(" ") as [string, string, string];
  const copyright = readFileSync(`/usr/share/doc/${name}/copyright`, "utf8");
  return { name, version, sourceName, sourceVersion, architecture, license, copyright };
}
