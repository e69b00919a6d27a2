import { validateConfig } from "../../config/validate.ts";
import type { ManifestText } from "../manifest/manifest.ts";
import { type CollectedConfig, collectConfig } from "./collect-config.ts";
import { hintsAbout } from "./hints.ts";
import type { ValidationIssue, ValidationReport } from "./validation-report.ts";

/**
 * Checks manifests as the API server, the admission webhook and the running processes would, without any of them.
 * What can't be known without a cluster (Secrets, labels of nodes and namespaces) is not checked.
 */
export function validateManifests(sources: readonly ManifestText[], namespace: string | undefined): ValidationReport {
  const config = collectConfig(sources, namespace);
  const issues = [...config.issues, ...configIssues(config)];
  const order = new Map(sources.map(({ path }, i) => [path, i]));
  const place = ({ path }: ValidationIssue) => order.get(path) ?? sources.length;
  return {
    valid: issues.every(({ severity }) => severity === "warning"),
    namespace: config.namespace,
    checked: config.checked,
    ignored: config.ignored,
    issues: issues.sort((a, b) => place(a) - place(b) || a.line - b.line),
  };
}

function configIssues({ objects, locate }: CollectedConfig): readonly ValidationIssue[] {
  return [
    ...validateConfig(objects).map((issue) => locate(issue, issue.kind === "invalid" ? "error" : "warning")),
    ...hintsAbout(objects).map((issue) => locate(issue, "warning")),
  ];
}
