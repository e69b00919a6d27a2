/**
 * The documents that have commands with their output: every command is run against a lab with the real controller and
 * speakers, section by section, and prints what the document says it prints.
 */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { DocumentRunner } from "../support/document-runner.ts";
import { blocksOf, readDocument, ROOT, RUN_DOCUMENTS } from "../support/documents.ts";
import { Kubectl } from "../support/kubectl.ts";
import { openTestLab } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";

/** What every section builds on. */
const GROUND = ["examples/production.yaml", "test/documents/pods.yaml"];

const need = requireOrSkip(["root", "netns", "addon", "bin:kubectl-1.36"]);

// The runner throws where a document is wrong.
/* oxlint-disable vitest/expect-expect */
describe.skipIf(need.skip)("documents with commands", () => {
  let lab: Lab;
  let runner: DocumentRunner;

  beforeAll(async () => {
    lab = await openTestLab();
    const kubectl = new Kubectl("1.36", readFileSync(lab.folder.kubeconfig, "utf8"));
    runner = new DocumentRunner(lab, kubectl);
    await kubectl.ok(`cd ${ROOT} && kubectl apply ${GROUND.map((file) => `-f ${file}`).join(" ")}`);
  });
  afterAll(() => lab?.close());
  afterEach(() => runner.cleanUp(GROUND));

  describe.each(RUN_DOCUMENTS)("%s", (path) => {
    const blocks = blocksOf(readDocument(path));
    const sections = [...new Set(blocks.filter(({ info }) => info === "sh").map(({ section }) => section))];

    test("has commands", () => {
      expect(sections.length).toBeGreaterThan(5);
    });

    test.each(sections)("%s", (section) => runner.run(blocks.filter((block) => block.section === section)));
  });
});
