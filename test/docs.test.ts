import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { END_CODES } from "../src/bgp/session/reason.ts";
import type { LiveProblemCode } from "../src/inspect/live/live-problems.ts";
import { validateManifests } from "../src/inspect/validate/validate-manifests.ts";
import type { SkipReason } from "../src/speaker/announce-plan.ts";
import type { BgpSkipReason } from "../src/speaker/bgp/bgp-plan.ts";
import { commandProblem, wordsOf } from "./support/document-commands.ts";
import { missingLines } from "./support/document-runner.ts";
import {
  allDocuments,
  anchorsOf,
  blocksOf,
  commandsOf,
  type Document,
  exampleFiles,
  linksOf,
  parseManifests,
  readDocument,
  ROOT,
} from "./support/documents.ts";

const DOCUMENTS = allDocuments();
const NAMED = DOCUMENTS.map((document) => [document.path, document] as const);
const EXAMPLES = exampleFiles();

function problemsOfLinks(document: Document): readonly string[] {
  return linksOf(document)
    .filter(({ target }) => !/^[a-z]+:/.test(target))
    .flatMap(({ target, line }) => {
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? document.path : normalize(join(dirname(document.path), file));
      if (path !== document.path && !existsSync(join(ROOT, path)))
        return [`${document.path}:${line}: there is no ${path}`];
      if (anchor === undefined) return [];
      const anchors = anchorsOf(path === document.path ? document : readDocument(path));
      return anchors.has(anchor) ? [] : [`${document.path}:${line}: ${path} has no heading for #${anchor}`];
    });
}

describe.each(NAMED)("%s", (path, document) => {
  test("every link to a file and to a heading leads there", () => {
    expect(problemsOfLinks(document)).toEqual([]);
  });

  test("every YAML block that names a kind is valid", () => {
    for (const block of blocksOf(document).filter(({ info }) => info === "yaml")) {
      const { text } = block;
      if (parseManifests(text).length === 0) continue;
      const { issues } = validateManifests([{ path: `${path}:${block.line}`, text, named: true }], undefined);
      expect(issues.filter(({ severity }) => severity === "error")).toEqual([]);
    }
  });

  test("every command is one that there is", () => {
    const problems = blocksOf(document)
      .filter(({ info }) => ["sh", "sh elsewhere", "lab"].includes(info))
      .flatMap((block) => commandsOf(block).map((line) => ({ line, problem: commandProblem(line) })))
      .filter(({ problem }) => problem !== undefined);
    expect(problems).toEqual([]);
  });
});

test("a YAML block below a link to an example is that example", () => {
  for (const { path, text } of DOCUMENTS) {
    for (const [, file, block] of text.matchAll(/^\[(examples\/[^\]]+)\]\([^)]+\):\n\n```yaml\n(.*?)^```$/gms))
      expect(block, `${path}: ${file}`).toBe(readFileSync(join(ROOT, file!), "utf8"));
  }
});

test.each(EXAMPLES)("%s is shown in a document, and valid", (path) => {
  expect(DOCUMENTS.filter(({ text }) => text.includes(path))).not.toEqual([]);
  const text = readFileSync(join(ROOT, path), "utf8");
  const { issues } = validateManifests([{ path, text, named: true }], undefined);
  expect(issues.filter(({ severity }) => severity === "error")).toEqual([]);
});

test("every document can be found from the top or from the index", () => {
  const index = DOCUMENTS.filter(({ path }) => ["README.md", "docs/README.md", "CONTRIBUTING.md"].includes(path));
  const linked = new Set(
    index.flatMap((document) =>
      linksOf(document).map(({ target }) => join(dirname(document.path), target.split("#")[0]!)),
    ),
  );
  const docs = DOCUMENTS.map(({ path }) => path).filter(
    (path) => path.startsWith("docs/") && !path.startsWith("docs/adr/"),
  );
  expect(docs.filter((path) => path !== "docs/README.md" && !linked.has(path))).toEqual([]);
});

test.each([
  { line: "npm run nothing", problem: "there is no npm script nothing" },
  { line: "npm run -s metallb -- explain servce default/web", problem: expect.stringContaining("servce") as string },
  { line: "metallb owners --not-a-flag", problem: "error: unknown option '--not-a-flag'" },
  { line: "kubectl get pods && metallb bgp session", problem: "error: missing required argument 'peer'" },
  { line: "metallb speaker --no-such-flag", problem: "error: unknown option '--no-such-flag'" },
  { line: "kubectl apply -f examples/nothing.yaml", problem: "there is no examples/nothing.yaml" },
  { line: "npm run -s metallb -- plan -f examples/production.yaml --prune", problem: undefined },
  { line: "kubectl exec x -- node /metallb/metallb.mjs explain service a/b -o json | jq .", problem: undefined },
])("$line: $problem", ({ line, problem }) => {
  expect(commandProblem(line)).toEqual(problem);
});

test("a wrong link, a missing heading and a block without an end are found", () => {
  const of = (text: string): Document => ({ path: "docs/x.md", text });
  expect(problemsOfLinks(of("[a](nowhere.md), [b](bgp.md#nothing), [c](#here)\n# There"))).toEqual([
    "docs/x.md:1: there is no docs/nowhere.md",
    "docs/x.md:1: docs/bgp.md has no heading for #nothing",
    "docs/x.md:1: docs/x.md has no heading for #here",
  ]);
  expect(problemsOfLinks(of("`[a](nowhere.md)` [b](bgp.md#sessions)\n```text\n[c](nowhere.md)\n```"))).toEqual([]);
  expect(blocksOf(of("## A\n- b\n\n  ```sh elsewhere\n  ls \\\n    -l\n  ```"))).toEqual([
    { info: "sh elsewhere", text: "ls \\\n  -l\n", line: 5, section: "A" },
  ]);
  expect(() => blocksOf(of("```sh\nls"))).toThrow("docs/x.md:2: this block does not end");
});

test("words are taken apart as a shell does", () => {
  expect(wordsOf(`kubectl get x -o jsonpath='{.a b}' "c d"`)).toEqual([
    "kubectl",
    "get",
    "x",
    "-o",
    "jsonpath={.a b}",
    "c d",
  ]);
});

test("what differs from run to run doesn't count in a command's output, and everything else does", () => {
  const output = `NAME   TYPE           CLUSTER-IP   EXTERNAL-IP                         PORT(S)        AGE
web    LoadBalancer   10.96.7.9    192.168.1.200,fd00:192:168:1::200   80:31234/TCP   3m12s
answered 4.2 s ago, at 2026-11-21T21:33:31Z`;
  const other = `web LoadBalancer 10.96.1.0 192.168.1.200,fd00:192:168:1::200 80:30000/TCP 5s
answered 120 ms ago, at 2027-01-01T00:00:00Z`;
  expect(missingLines(other, output)).toEqual([]);
  for (const [from, to] of [
    ["::200", "::201"],
    ["80:3", "81:3"],
    ["/TCP", "/UDP"],
    ["answered", "asked"],
  ] as const)
    expect(missingLines(other.replace(from, to), output)).toHaveLength(1);
});

/** Those that say more than that the Service is gone or none of ours. The compiler finds one that is missing. */
const SKIP_REASONS: Readonly<
  Record<Exclude<SkipReason | BgpSkipReason, "serviceDeleted" | "notLoadBalancer" | "otherLoadBalancerClass">, true>
> = {
  noIPAllocated: true,
  invalidIP: true,
  ipNotAllowed: true,
  noEndpoints: true,
  noLocalEndpoints: true,
  sharedIPWithServiceSelector: true,
  noMatchingAdvertisement: true,
  noAdvertisementForNode: true,
  conflictingAdvertisements: true,
  noCandidates: true,
  notOwner: true,
  nodeNetworkUnavailable: true,
  nodeLabeledExcludeBalancers: true,
  nodeNotAlive: true,
};

const LIVE_PROBLEMS: Readonly<Record<LiveProblemCode, true>> = {
  severalAnswer: true,
  notAnswered: true,
  holdsBack: true,
  unsaid: true,
  duplicateAddress: true,
};

test.each([
  ["a session ends", END_CODES],
  ["a node doesn't announce", Object.keys(SKIP_REASONS)],
  ["something is wrong with an owner", Object.keys(LIVE_PROBLEMS)],
])("troubleshooting has every reason for which %s", (_, reasons) => {
  const page = readDocument("docs/troubleshooting.md").text;
  expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});
