import type { Document, Node, ScalarTag } from "yaml";
import { isMap, isNode, isSeq, LineCounter, parseAllDocuments } from "yaml";
import { fieldsOf, textOf } from "../../config/fields.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { Manifest, ManifestProblem, ManifestText, ParsedManifests } from "./manifest.ts";
import { offsetOf } from "./field-node.ts";

/** Characters of a text. An object has at most 1.5 MiB in etcd; nobody writes files much longer than that by hand. */
const LONGEST_TEXT = 8 * 1024 * 1024;
const MOST_DOCUMENTS = 10_000;
/** Values that aliases may add: an alias bomb grows a small file without bound. */
const MOST_ALIASES = 1000;

/**
 * What kubectl's parser, made for YAML 1.1, reads as a truth value and YAML 1.2 as a text: `autoAssign: no` is false to
 * the API server.
 */
const OLD_BOOLEANS: ScalarTag = {
  default: true,
  tag: "tag:yaml.org,2002:bool",
  test: /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|on)/i.test(text),
};

/**
 * The Kubernetes objects of a YAML or JSON text: each document, or each item of a `List`. Never throws. A document that
 * is no object is a problem when the user named the text; folders also hold other files, such as a chart's values.
 */
export function parseManifests(source: ManifestText): ParsedManifests {
  const { path, text } = source;
  const refused = tooLarge(text);
  if (refused !== undefined) return { manifests: [], problems: [{ path, line: 1, ...refused }] };
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
      customTags: (tags) => [...tags, OLD_BOOLEANS],
    });
    const parsed = [...documents].map((document) => new DocumentReader(source, document, lines).read());
    return {
      manifests: parsed.flatMap(({ manifests }) => manifests),
      problems: parsed.flatMap(({ problems }) => problems),
    };
  } catch (error) {
    const fix = "check that it is a YAML or JSON file with Kubernetes objects";
    return { manifests: [], problems: [{ path, line: 1, message: `can't be read: ${errorMessage(error)}`, fix }] };
  }
}

function tooLarge(text: string): Pick<ManifestProblem, "message" | "fix"> | undefined {
  const fix = "split it into several files";
  if (text.length > LONGEST_TEXT) return { message: `longer than ${LONGEST_TEXT / 1024 / 1024} MiB`, fix };
  const documents = (text.match(/^---/gm) ?? []).length;
  return documents > MOST_DOCUMENTS ? { message: `more than ${MOST_DOCUMENTS} documents`, fix } : undefined;
}

class DocumentReader {
  readonly #source: ManifestText;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(source: ManifestText, document: Document, lines: LineCounter) {
    this.#source = source;
    this.#document = document;
    this.#lines = lines;
  }

  read(): ParsedManifests {
    const [error] = this.#document.errors;
    if (error !== undefined)
      return this.#problem(error.pos[0], `not YAML: ${firstLine(error.message)}`, this.#syntaxFix());
    const { contents } = this.#document;
    const value: unknown = this.#document.toJS({ maxAliasCount: MOST_ALIASES });
    if (value === null || value === undefined || contents === null) return { manifests: [], problems: [] };
    return this.#object(contents, value);
  }

  #object(node: Node, value: unknown): ParsedManifests {
    const fields = fieldsOf(value);
    const kind = textOf(fields["kind"]);
    if (kind?.endsWith("List") === true && Array.isArray(fields["items"])) return this.#list(node, fields["items"]);
    if (kind === undefined || textOf(fields["apiVersion"]) === undefined) {
      if (!this.#source.named) return { manifests: [], problems: [] };
      return this.#problem(start(node), "not a Kubernetes object", "give it an apiVersion and a kind");
    }
    const metadata = fieldsOf(fields["metadata"]);
    const object = { ...fields, metadata: { ...metadata, name: textOf(metadata["name"]) ?? "" } };
    const lineOf = (field: string) => this.#line(offsetOf(this.#document, node, field));
    return { manifests: [{ path: this.#source.path, object, lineOf } satisfies Manifest], problems: [] };
  }

  #list(node: Node, values: readonly unknown[]): ParsedManifests {
    const items: unknown = isMap(node) ? node.get("items", true) : undefined;
    const nodes: readonly unknown[] = isSeq(items) ? items.items : [];
    const parsed = values.map((value, i) => {
      const item = nodes[i];
      return this.#object(isNode(item) ? item : node, value);
    });
    return {
      manifests: parsed.flatMap(({ manifests }) => manifests),
      problems: parsed.flatMap(({ problems }) => problems),
    };
  }

  #problem(offset: number, message: string, fix: string): ParsedManifests {
    return { manifests: [], problems: [{ path: this.#source.path, line: this.#line(offset), message, fix }] };
  }

  #line(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line);
  }

  /** Charts are the texts that most often look like YAML and are not. */
  #syntaxFix(): string {
    return this.#source.text.includes("{{") ? "render templates first, as helm template does" : "correct the syntax";
  }
}

function start(node: Node): number {
  return node.range?.[0] ?? 0;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!;
}
