/** The project's documents as tests see them: blocks, headings and links. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";

export const ROOT = resolve(import.meta.dirname, "../..");

export interface Document {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/**
 * A fenced block, or a comment that starts with the word `lab`, which readers don't see. `info` is what stands behind
 * the fence: `sh`, `sh elsewhere`, `yaml`, `text` …
 */
export interface Block {
  readonly info: string;
  readonly text: string;
  /** Line number of its first line. */
  readonly line: number;
  /** The nearest heading of level 2 above it; `the introduction` before the first. */
  readonly section: string;
}

export interface Link {
  readonly target: string;
  readonly line: number;
}

export function readDocument(path: string): Document {
  return { path, text: readFileSync(join(ROOT, path), "utf8") };
}

/** Those whose commands are run, with what they print, by test/interop/docs.test.ts. */
export const RUN_DOCUMENTS = ["docs/usage.md", "docs/troubleshooting.md"];

/** Everything that people read: the top folder's and docs' Markdown. */
export function allDocuments(): readonly Document[] {
  const folders = [
    "",
    "docs",
    ...readdirSync(join(ROOT, "docs")).flatMap((name) => (name.includes(".") ? [] : [`docs/${name}`])),
  ];
  return folders
    .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(folder, name)))
    .filter((path) => path.endsWith(".md"))
    .map(readDocument);
}

/** An object that somebody writes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
}

/** The whole objects in a YAML text; blocks that show a part of one have no kind. */
export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object): object is Manifest => typeof object?.kind === "string");
}

/** Manifests in the folder examples, as paths from the root. */
export function exampleFiles(): readonly string[] {
  return readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => `examples/${name}`)
    .sort();
}

/** Blocks in lists are indented. */
const FENCE = /^( *)```(.*)$/;
const LAB_COMMENT = /^<!-- lab$/;

export function blocksOf({ path, text }: Document): readonly Block[] {
  const blocks: Block[] = [];
  let open: OpenBlock | undefined;
  let section = "the introduction";
  for (const [i, line] of text.split("\n").entries()) {
    if (open === undefined) {
      if (line.startsWith("## ")) section = line.slice(3);
      open = opening(line, i + 2);
    } else if (line === open.end) {
      const { info, line: first, lines } = open;
      blocks.push({ info, text: lines.map((each) => `${each}\n`).join(""), line: first, section });
      open = undefined;
    } else open.lines.push(line.slice(Math.min(open.indent, line.search(/\S|$/))));
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: this block does not end`);
  return blocks;
}

interface OpenBlock extends Pick<Block, "info" | "line"> {
  readonly lines: string[];
  readonly indent: number;
  /** The line that ends it. */
  readonly end: string;
}

/** The block that begins with a line; undefined: none does. */
function opening(text: string, line: number): OpenBlock | undefined {
  if (LAB_COMMENT.test(text)) return { info: "lab", line, lines: [], indent: 0, end: "-->" };
  const [, indent, info] = FENCE.exec(text) ?? [];
  if (indent === undefined || info === undefined) return undefined;
  return { info, line, lines: [], indent: indent.length, end: `${indent}\`\`\`` };
}

/** Commands of a shell block: comments left out, continued lines joined. */
export function commandsOf({ text }: Pick<Block, "text">): readonly string[] {
  return text
    .replaceAll(/\\\n */g, "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

/** Headings as the part of a link after `#`, as GitHub makes it. */
export function anchorsOf(document: Document): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(document)) {
    const heading = /^#{1,6} (.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

export function linksOf(document: Document): readonly Link[] {
  return proseOf(document).flatMap((line, i) =>
    [...line.replaceAll(/`[^`]*`/g, "").matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target]) => ({
      target: target!,
      line: i + 1,
    })),
  );
}

/** Words in code font, outside of blocks. */
export function codeWords(document: Document): readonly string[] {
  return proseOf(document).flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, word]) => word!));
}

/** The lines, those of fenced blocks empty. */
function proseOf({ text }: Document): readonly string[] {
  let fenced = false;
  return text.split("\n").map((line) => {
    if (FENCE.test(line)) {
      fenced = !fenced;
      return "";
    }
    return fenced ? "" : line;
  });
}
