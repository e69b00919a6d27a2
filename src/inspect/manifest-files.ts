import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import type { ManifestText } from "./manifest/manifest.ts";

/** What is looked at in folders. */
const EXTENSIONS = [".yaml", ".yml", ".json"];

const MOST_FILES = 10_000;
const MOST_LEVELS = 32;
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Reads what the user named: files, folders with all their `.yaml`, `.yml` and `.json` files at any depth, and `-` for
 * `input`. Hidden names in folders are left out, which also spares the copies that mounted ConfigMaps hold; links to
 * folders are not followed, since they may lead in circles. Throws EnvironmentError (code `manifests`).
 */
export async function readManifestTexts(
  paths: readonly string[],
  input: AsyncIterable<Uint8Array>,
): Promise<readonly ManifestText[]> {
  const texts: ManifestText[] = [];
  for (const path of paths) {
    if (path === "-") texts.push({ path, text: await readAll(input), named: true });
    else if (attempt(path, () => statSync(path)).isDirectory()) texts.push(...readFolder(path));
    else texts.push({ path, text: readText(path), named: true });
  }
  return texts;
}

function readFolder(folder: string): readonly ManifestText[] {
  const files = filesBelow(folder, 1);
  if (files.length === 0) throw unreadable(`${folder}: no ${EXTENSIONS.join(", ")} file in this folder`);
  return files.map((path) => ({ path, text: readText(path), named: false }));
}

function filesBelow(folder: string, level: number): readonly string[] {
  if (level > MOST_LEVELS) throw unreadable(`${folder}: more than ${MOST_LEVELS} folders inside each other`);
  const entries = attempt(folder, () => readdirSync(folder, { withFileTypes: true }));
  const shown = entries.filter(({ name }) => !name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = shown.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path, level + 1);
    return EXTENSIONS.some((extension) => path.endsWith(extension)) && isFile(path) ? [path] : [];
  });
  if (files.length > MOST_FILES) throw unreadable(`${folder}: more than ${MOST_FILES} files`);
  return files;
}

function isFile(path: string): boolean {
  return attempt(path, () => statSync(path)).isFile();
}

function readText(path: string): string {
  return decode(
    attempt(path, () => {
      if (statSync(path).size > MOST_BYTES) throw tooLarge(path);
      return readFileSync(path);
    }),
  );
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    length += chunk.length;
    if (length > MOST_BYTES) throw tooLarge("standard input");
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks));
}

function decode(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/^\u{FEFF}/u, "");
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw unreadable(`${path}: ${missing ? "no such file or folder" : errorMessage(error)}`);
  }
}

function tooLarge(name: string): EnvironmentError {
  return unreadable(`${name}: larger than ${MOST_BYTES / 1024 / 1024} MiB`);
}

function unreadable(message: string): EnvironmentError {
  return new EnvironmentError("manifests", message, { retryable: false });
}
